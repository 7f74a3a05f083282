# SPDX-License-Identifier: Apache-2.0
"""Numbers of a result's monitor, in whichever form they are, and from one form to the other.

result.pb has them packed, result.json as text (`ktstr.result.packed`): what cannot be unpacked
stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.result import result_pb2
from ktstr.result.packed import packed, unpacked, unwritten, written

_BETWEEN = "; "


def rows_of(numbers: result_pb2.Monitor.Numbers, length: int) -> tuple[tuple[int, ...], ...]:
    """The rows, each of `length` numbers.

    Raises:
        ValueError: they are damaged, or of another length.
    """
    match numbers.WhichOneof("form"):
        case "packed":
            return unpacked(numbers.packed, length)
        case "text":
            rows = tuple(unwritten(text) for text in numbers.text.split(_BETWEEN) if text)
            if any(len(row) != length for row in rows):
                raise ValueError(f"rows of a monitor are not all of {length} numbers")
            return rows
        case _:
            return ()


def to_text(monitor: result_pb2.Monitor) -> None:
    """Has all numbers of a monitor as text."""
    for numbers in _numbers(monitor):
        if numbers.HasField("packed"):
            try:
                rows = unpacked(numbers.packed, monitor.samples)
            except ValueError:
                continue
            numbers.text = _BETWEEN.join(map(written, rows))


def to_packed(monitor: result_pb2.Monitor) -> None:
    """Has all numbers of a monitor packed.

    Raises:
        ValueError: a text was not written by `to_text`.
    """
    for numbers in _numbers(monitor):
        if numbers.HasField("text"):
            numbers.packed = packed(rows_of(numbers, monitor.samples))


def _numbers(monitor: result_pb2.Monitor) -> Iterator[result_pb2.Monitor.Numbers]:
    if monitor.HasField("at_ns"):
        yield monitor.at_ns
    for series in monitor.series:
        if series.HasField("rows"):
            yield series.rows

# SPDX-License-Identifier: Apache-2.0
"""What stands at the end of a run of several tests: which did not pass, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ktstr.report.advice import commands, files_to_read
from ktstr.report.text import headline
from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_BAD = frozenset({result_pb2.FAIL, result_pb2.INCONCLUSIVE})


def failed(results: Iterable[result_pb2.Result]) -> list[result_pb2.Result]:
    """Those that did not pass."""
    return [each for each in results if each.verdict in _BAD]


def failure_lines(result: result_pb2.Result) -> Iterator[str]:
    """A failure with its first cause, its files, and what to run next."""
    yield headline(result)
    for line in (files_to_read(result), *commands(result)):
        yield f"  {one_line(line)}"


def failed_block(results: Sequence[result_pb2.Result], again: str) -> Iterator[str]:
    """Each failure; then how all are run again, and a line on all."""
    bad = failed(results)
    for each in bad:
        yield from failure_lines(each)
    if bad:
        yield f"again, with the same seeds: {again}"
    yield f"{len(bad)} of {len(results)} results did not pass"

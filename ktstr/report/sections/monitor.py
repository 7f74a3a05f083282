# SPDX-License-Identifier: Apache-2.0
"""What the monitor saw of runqueues and DSQs, drawn over the time of the scenarios."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence

from ktstr.report.tables import aligned, duration, more_lines
from ktstr.result import result_pb2
from ktstr.result.characters import one_line
from ktstr.result.series import rows_of

_NS_PER_S = 1e9
_WIDTH = 60
_CPUS_SHOWN = 16
_DSQS_SHOWN = 8
_WAITS_SHOWN = 3
# a wait that is told of
_SHOWN_NS = 1_000_000
_IDLE_CLASS = 0
_COLUMNS = ("", "min/mean/max", "over the time of the scenario")


def monitor_lines(result: result_pb2.Result) -> list[str]:
    """How it looked, a line of time for each CPU and DSQ, and what CPUs went idle beside."""
    seen = result.monitor
    if not seen.samples:
        # of what nobody wanted nothing is said; why nobody looked is with the checks that need it
        return []
    try:
        drawing = _Drawing(result)
        lines = drawing.lines()
    except ValueError as error:
        return [f"what the monitor saw cannot be read: {error}"]
    return [_account(drawing), *lines, *_waits(seen), *_lost(seen)]


class _Drawing:
    """The samples within the scenarios, or all where none was played."""

    def __init__(self, result: result_pb2.Result) -> None:
        self.seen = result.monitor
        (at_ns,) = rows_of(self.seen.at_ns, self.seen.samples)
        starts = [each.started_ns for each in result.scenarios if each.ended_ns]
        ends = [each.ended_ns for each in result.scenarios if each.ended_ns]
        self.start = min(starts, default=at_ns[0])
        self.end = max(ends, default=at_ns[-1])
        self._first = bisect.bisect_left(at_ns, self.start)
        self._last = bisect.bisect_right(at_ns, self.end)
        self.at_ns = at_ns[self._first : self._last]
        self._series = {each.quantity: each for each in self.seen.series}

    def lines(self) -> list[str]:
        """The table; nothing where there is no sample within the scenarios."""
        if not self.at_ns:
            return []
        rows = [_COLUMNS, *self._rows()]
        return aligned_left(rows)

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        running, classes = dict(self._of("nr_running")), dict(self._of("class"))
        local = dict(self._of("local_dsq"))
        for cpu in list(running)[:_CPUS_SHOWN]:
            yield self._row(f"tasks of CPU {cpu}", running[cpu])
            if any(local.get(cpu, ())):
                yield self._row("  in its local DSQ", local[cpu])
        idle = [
            sum(each == _IDLE_CLASS for each in row) for row in zip(*classes.values(), strict=True)
        ]
        if idle:
            yield self._row("idle CPUs", idle)
        for name, words in (("user_dsq", "tasks in DSQ"), ("global_dsq", "tasks in global DSQ")):
            held = [(of, row) for of, row in self._of(name) if any(row)]
            for of, row in held[:_DSQS_SHOWN]:
                yield self._row(f"{words} {of:#x}" if name == "user_dsq" else f"{words} {of}", row)

    def _of(self, quantity: str) -> Iterator[tuple[int, Sequence[int]]]:
        series = self._series.get(quantity)
        if series is None:
            return
        rows = rows_of(series.rows, self.seen.samples)
        for of, row in zip(series.of, rows, strict=True):
            yield of, row[self._first : self._last]

    def _row(self, name: str, row: Sequence[int]) -> tuple[str, str, str]:
        mean = sum(row) / len(row)
        return name, f"{min(row)}/{mean:.1f}/{max(row)}", self._over_time(row)

    def _over_time(self, row: Sequence[int]) -> str:
        """A character for each stretch of time: the most there was; `-` where nobody looked."""
        most: list[int | None] = [None] * _WIDTH
        length = max(1, self.end - self.start)
        for at, value in zip(self.at_ns, row, strict=True):
            place = min(_WIDTH - 1, (at - self.start) * _WIDTH // length)
            before = most[place]
            most[place] = value if before is None else max(before, value)
        return "".join("-" if value is None else _digit(value) for value in most)


def _digit(value: int) -> str:
    return str(value) if 0 <= value <= 9 else "+"


def aligned_left(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines of which the last column is left as it is."""
    heads = aligned([row[:-1] for row in rows])
    width = max(map(len, heads))
    return [
        f"{head.ljust(width)}  {row[-1]}".rstrip() for head, row in zip(heads, rows, strict=True)
    ]


def _account(drawing: _Drawing) -> str:
    seen = drawing.seen
    how = {
        "plugin": "by QEMU's plugin at ticks",
        "memory": "in the guest's memory while it ran",
    }.get(seen.how, one_line(seen.how))
    parts = [f"{len(drawing.at_ns)} samples {how}, one each {duration(seen.period_ns)} at most"]
    parts += [f"{seen.torn} did not agree with themselves and were thrown away"] * bool(seen.torn)
    parts += [one_line(seen.why)] * bool(seen.why)
    width = (drawing.end - drawing.start) / _WIDTH
    return "; ".join([*parts, f"a character is {duration(width)}"])


def _waits(seen: result_pb2.Monitor) -> list[str]:
    waits = [each for each in seen.idle.waits if each.waited_ns >= _SHOWN_NS]
    waits.sort(key=lambda each: (-each.waited_ns, each.at_ns))
    lines = [
        f"CPU {each.cpu} went idle at {each.at_ns / _NS_PER_S:.6f} s while {one_line(each.comm)}"
        f"[{each.pid}], which may run there, had waited on CPU {each.on_cpu} for "
        f"{duration(each.waited_ns)}"
        for each in waits[:_WAITS_SHOWN]
    ]
    return lines + more_lines(len(waits), _WAITS_SHOWN)


def _lost(seen: result_pb2.Monitor) -> list[str]:
    lines = []
    if seen.unseen_dsqs:
        lines.append(f"{seen.unseen_dsqs} DSQs were not looked at: there are too many")
    return lines

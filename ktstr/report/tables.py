# SPDX-License-Identifier: Apache-2.0
"""The report's tables: statistics by cgroup, and the time line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ktstr.model.histogram import Histogram
from ktstr.model.wire.events import EventName
from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_NS_PER_S = 1e9
_ROWS_SHOWN = 40
# Moments that the phases show.
SHOWN_BY_PHASES = frozenset(
    {
        EventName.STEP_START,
        EventName.STEP_END,
        EventName.SCENARIO_START,
        EventName.SCENARIO_END,
        "attached",
        "scheduler_end",
    }
)

_CGROUP_COLUMNS = (
    "cgroup",
    "workers",
    "cpus",
    "share min/mean/max",
    "spread",
    "longest gap",
    "migrations",
    "iterations",
    "wake p50/p99/max",
)


def cgroup_table(cgroups: Iterable[result_pb2.Cgroup]) -> list[str]:
    """A row for each cgroup whose workers reported; shares in percent of wall time."""
    rows = [_cgroup_row(cgroup) for cgroup in cgroups if cgroup.HasField("stats")]
    return aligned([_CGROUP_COLUMNS, *rows]) if rows else []


def step_table(steps: Iterable[result_pb2.StepStats]) -> list[str]:
    """A row for each cgroup of each step."""
    rows = [(_step_name(step), *_cgroup_row(cgroup)) for step in steps for cgroup in step.cgroups]
    if len(rows) > _ROWS_SHOWN:
        left_out = f"({len(rows) - _ROWS_SHOWN} rows more in result.json)"
        return [*aligned([("step", *_CGROUP_COLUMNS), *rows[:_ROWS_SHOWN]]), left_out]
    return aligned([("step", *_CGROUP_COLUMNS), *rows]) if rows else []


def timeline_table(timeline: result_pb2.Timeline) -> list[str]:
    """Phases and moments on one line of time, in seconds since its first entry."""
    entries = _entries(timeline)
    if len(entries) < 2:
        return []
    first = entries[0][0]
    lines = [f"{(at - first) / _NS_PER_S:9.3f} s  {words}" for at, words in entries]
    if len(lines) > _ROWS_SHOWN:
        half = _ROWS_SHOWN // 2
        left_out = len(lines) - _ROWS_SHOWN
        lines = [*lines[:half], f"({left_out} more in result.json)", *lines[-half:]]
    return lines


def begin_ns(timeline: result_pb2.Timeline) -> int | None:
    """The guest's time that the line of time counts from; None where there is nothing on it."""
    return min((at for at, _ in _entries(timeline)), default=None)


def more_lines(count: int, shown: int) -> list[str]:
    """The line below a list of `count` entries of which so many are shown; none below all."""
    return [f"and {count - shown} more in result.json"] if count > shown else []


def duration(ns: float) -> str:
    """E.g. `820 ns`, `4.1 us`, `12.0 ms`, `3.50 s`."""
    if ns < 1e3:
        return f"{ns:.0f} ns"
    if ns < 1e6:
        return f"{ns / 1e3:.1f} us"
    if ns < 1e9:
        return f"{ns / 1e6:.1f} ms"
    return f"{ns / 1e9:.2f} s"


def percentiles(values: Histogram) -> str:
    """E.g. `4.1 us/12.0 us/1.2 ms`: median, 99th percentile and maximum; `-` without samples."""
    p50, p99 = values.percentile(0.5), values.percentile(0.99)
    if p50 is None or p99 is None:
        return "-"
    return f"{duration(p50)}/{duration(p99)}/{duration(values.maximum)}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of equally many cells as lines: the first column left-aligned, the others right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _entries(timeline: result_pb2.Timeline) -> list[tuple[int, str]]:
    entries: list[tuple[int, str]] = []
    for phase in timeline.phases:
        entries.append((phase.start_ns, f"{phase.name} begins{_length(phase)}"))
    for moment in timeline.moments:
        if moment.name not in SHOWN_BY_PHASES:
            step = f" (step {moment.step})" if moment.HasField("step") else ""
            entries.append((moment.at_ns, one_line(f"{moment.name}{step} {moment.detail}")))
    return sorted(entries, key=lambda entry: entry[0])


def _length(phase: result_pb2.Timeline.Phase) -> str:
    if not phase.HasField("end_ns"):
        return ", its end was not reported"
    return f", takes {duration(phase.end_ns - phase.start_ns)}"


def _step_name(step: result_pb2.StepStats) -> str:
    return f"{step.step} {one_line(step.name)}".rstrip()


def _cgroup_row(cgroup: result_pb2.Cgroup | result_pb2.StepStats.OfCgroup) -> Sequence[str]:
    stats = cgroup.stats
    spread = f"{stats.spread_pct:.1f}%" if stats.HasField("spread_pct") else "-"
    return (
        one_line(cgroup.name) or "(outside)",
        str(stats.workers),
        str(stats.cpus),
        f"{stats.share_min_pct:.1f}/{stats.share_mean_pct:.1f}/{stats.share_max_pct:.1f}%",
        spread,
        duration(stats.max_gap_ns),
        str(stats.migrations),
        str(stats.iterations),
        _wake(stats.wake),
    )


def _wake(message: result_pb2.Histogram) -> str:
    counts = {bucket.index: bucket.count for bucket in message.buckets}
    return percentiles(Histogram(counts, message.count, message.total_ns, message.max_ns))

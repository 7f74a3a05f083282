# SPDX-License-Identifier: Apache-2.0
"""What the tracepoints said, as a table by cgroup, and what the sampler cost."""

from __future__ import annotations

from collections.abc import Iterable

from ktstr.model.histogram import Histogram
from ktstr.report.tables import aligned, duration, percentiles
from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_COLUMNS = (
    "cgroup",
    "wake p50/p99/max",
    "run delay p50/p99/max",
    "off cpu p50/p99/max",
    "switches",
    "migrations",
)


def sample_lines(result: result_pb2.Result) -> list[str]:
    """A row for each cgroup, its tasks and phases together, then what the sampler cost."""
    cgroups = sorted({sample.cgroup for sample in result.samples})
    rows = [
        _row(name, [each for each in result.samples if each.cgroup == name]) for name in cgroups
    ]
    lines = aligned([_COLUMNS, *rows]) if rows else []
    return [*lines, *(_account(sampler) for sampler in result.samplers)]


def _row(name: str, samples: list[result_pb2.SchedSample]) -> tuple[str, ...]:
    return (
        one_line(name),
        _merged(sample.wake for sample in samples),
        _merged(sample.run_delay for sample in samples),
        _merged(sample.off_cpu for sample in samples),
        str(sum(sample.switches for sample in samples)),
        str(sum(sample.migrations for sample in samples)),
    )


def _merged(parts: Iterable[result_pb2.Histogram]) -> str:
    merged = Histogram({})
    for part in parts:
        counts = {bucket.index: bucket.count for bucket in part.buckets}
        merged = merged.merge(Histogram(counts, part.count, part.total_ns, part.max_ns))
    return percentiles(merged)


def _account(sampler: result_pb2.Sampler) -> str:
    if sampler.error and not sampler.programs:
        return one_line(sampler.error)
    runs = sum(program.runs for program in sampler.programs)
    spent = sum(program.run_time_ns for program in sampler.programs)
    missed = sum(program.missed for program in sampler.programs)
    parts = [f"the sampler's programs ran {runs} times and took {duration(spent)}"]
    parts += [f"{missed} events were missed"] if missed else []
    parts += [f"{sampler.dropped} were dropped"] if sampler.dropped else []
    parts += [one_line(sampler.error)] if sampler.error else []
    return "; ".join(parts)

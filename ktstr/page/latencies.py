# SPDX-License-Identifier: Apache-2.0
"""Charts of latencies: a histogram for each cgroup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ktstr.model.histogram import Histogram, bucket_bounds, bucket_of
from ktstr.page.chart import Chart
from ktstr.report.tables import duration
from ktstr.result import result_pb2

_CGROUPS_SHOWN = 16
_COLUMNS = ("cgroup", "count", "mean", "p50", "p90", "p99", "p99.9", "longest")
# Of 64 bits of nanoseconds: a bucket past them is damage, and would take memory as it says.
_BUCKETS = bucket_of(2**64 - 1) + 1
_FRACTIONS = (0.5, 0.9, 0.99, 0.999)


def latencies(result: result_pb2.Result) -> Iterator[Chart]:
    """Of workers, and of all tasks of cgroups where tracepoints were listened to.

    Raises:
        ValueError: they are damaged.
    """
    stats = {each.name: each.stats for each in result.cgroups if each.HasField("stats")}
    samples = result.samples
    charts = (
        ("wake", "From wake-up to running", _of({n: [s.wake] for n, s in stats.items()})),
        ("delay", "Waiting for a CPU", _of({n: [s.run_delay] for n, s in stats.items()})),
        ("traced-wake", "From wake-up to running, by tracepoints", _sampled(samples, "wake")),
        ("traced-delay", "Waiting for a CPU, by tracepoints", _sampled(samples, "run_delay")),
        ("traced-off", "Off the CPU, by tracepoints", _sampled(samples, "off_cpu")),
    )
    for key, title, by_cgroup in charts:
        if by_cgroup:
            yield _chart(key, title, by_cgroup)


def _sampled(samples: Iterable[result_pb2.SchedSample], field: str) -> dict[str, Histogram]:
    messages: dict[str, list[result_pb2.Histogram]] = {}
    for each in samples:
        messages.setdefault(each.cgroup, []).append(getattr(each, field))
    return _of(messages)


def _of(messages: Mapping[str, list[result_pb2.Histogram]]) -> dict[str, Histogram]:
    """By cgroup, those that counted anything."""
    found = {}
    for name, parts in messages.items():
        whole = Histogram({})
        for part in parts:
            counts = {bucket.index: bucket.count for bucket in part.buckets}
            if max(counts, default=0) >= _BUCKETS:
                raise ValueError(f"a histogram has a bucket {max(counts)}")
            whole = whole.merge(Histogram(counts, part.count, part.total_ns, part.max_ns))
        if whole.count:
            found[name] = whole
    return found


def _chart(key: str, title: str, by_cgroup: Mapping[str, Histogram]) -> Chart:
    shown = dict(list(by_cgroup.items())[:_CGROUPS_SHOWN])
    rows = [_row(name, each) for name, each in by_cgroup.items()]
    notes = []
    if len(by_cgroup) > len(shown):
        notes.append(f"{len(by_cgroup) - len(shown)} more cgroups are in the table alone.")
    return Chart(
        key=key,
        title=title,
        says=f"{title}, a histogram for each cgroup. Median and 99th percentile: "
        + ", ".join(f"{row[0]} {row[3]} and {row[5]}" for row in rows)
        + ".",
        data={
            "kind": "histogram",
            "rows": [
                {
                    "name": name or "(outside)",
                    "numbers": _numbers(each),
                    "marks": [each.percentile(0.5), each.percentile(0.99)],
                }
                for name, each in shown.items()
            ],
        },
        columns=_COLUMNS,
        rows=rows,
        notes=notes,
    )


def _row(name: str, values: Histogram) -> tuple[str, ...]:
    found = [values.percentile(each) for each in _FRACTIONS]
    return (
        name or "(outside)",
        str(values.count),
        duration(values.total / values.count),
        *("-" if each is None else duration(each) for each in found),
        duration(values.maximum),
    )


def _numbers(values: Histogram) -> list[int]:
    """Three numbers for each bucket: lowest value, first value past it (ns), count."""
    numbers: list[int] = []
    for index, count in sorted(values.buckets.items()):
        low, high = bucket_bounds(index)
        numbers += (low, high + 1, count)
    return numbers

# SPDX-License-Identifier: Apache-2.0
"""What a worker written in Python counts, as the lines of a worker's report have it."""

from __future__ import annotations

from typing import Any

from ktstr.model.histogram import bucket_of

# what the kernel counted, by the names of facts.Measured: None where it does not say; and the class
# that the task was in, empty where it does not say
Counted = tuple[dict[str, int | None], str]


class Tally:
    """Counts and histograms since `started_ns`, when the task had had `cpu_ns` of CPU time."""

    def __init__(self, started_ns: int, cpu_ns: int, counted: Counted) -> None:
        self.started_ns, self.cpu_ns, self.counted = started_ns, cpu_ns, counted
        self.iterations = self.work_units = self.migrations = self.max_gap_ns = 0
        self._histograms: dict[str, dict[str, Any]] = {}

    def add(self, name: str, value_ns: int) -> None:
        """Counts a value in the histogram `name`."""
        empty: dict[str, Any] = {"buckets": {}, "count": 0, "total": 0, "maximum": 0}
        histogram = self._histograms.setdefault(name, empty)
        bucket = bucket_of(value_ns)
        histogram["buckets"][bucket] = histogram["buckets"].get(bucket, 0) + 1
        histogram["count"] += 1
        histogram["total"] += value_ns
        histogram["maximum"] = max(histogram["maximum"], value_ns)

    def lines(self, ended_ns: int, cpu_ns: int, counted: Counted) -> dict[str, Any]:
        """What ktstr/guest/workers/report.py reads of a phase or a life that ended now."""
        (counts, ends_in), (earlier, began_in) = counted, self.counted
        since = {
            name: None if now is None or (before := earlier[name]) is None else now - before
            for name, now in counts.items()
        }
        return {
            "started_ns": self.started_ns,
            "ended_ns": ended_ns,
            "cpu_ns": cpu_ns - self.cpu_ns,
            "work_units": self.work_units,
            "iterations": self.iterations,
            "max_gap_ns": self.max_gap_ns,
            "migrations": self.migrations,
            **since,
            "class_started": began_in,
            "class_ended": ends_in,
            **self._histograms,
        }

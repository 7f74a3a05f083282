# SPDX-License-Identifier: Apache-2.0
"""Every figure that statistics give: its name, how it is had, its unit, and which way it is better.

Claims and results go by these names.  A new figure is a line here; no schema knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ktstr.judge.statistics.cgroups import CgroupStats, TotalStats
from ktstr.judge.workers.subjects import NS_PER_MS, NS_PER_US
from ktstr.model.payload import Polarity

S = TypeVar("S")

_HIGHER, _LOWER, _UNKNOWN = Polarity.HIGHER_BETTER, Polarity.LOWER_BETTER, Polarity.UNKNOWN


@dataclass(frozen=True)
class Figure(Generic[S]):
    """How a figure is had of statistics `S`: `of` gives None where it was not measured.

    unit: empty for what is counted, and for ratios.
    """

    of: Callable[[S], float | None]
    unit: str = ""
    polarity: Polarity = _UNKNOWN


def _plain(name: str, unit: str = "", polarity: Polarity = _UNKNOWN) -> Figure[CgroupStats]:
    return Figure(lambda stats: getattr(stats, name), unit, polarity)


def _scaled(value: float | None, unit_ns: int) -> float | None:
    return None if value is None else value / unit_ns


def _percentile(name: str, part: float) -> Figure[CgroupStats]:
    return Figure(
        lambda stats: _scaled(getattr(stats, name).percentile(part), NS_PER_US), "us", _LOWER
    )


OF_A_CGROUP: Mapping[str, Figure[CgroupStats]] = {
    "workers": _plain("workers"),
    "cpus": _plain("cpus"),
    "share_min_pct": _plain("share_min_pct", "%"),
    "share_mean_pct": _plain("share_mean_pct", "%"),
    "share_max_pct": _plain("share_max_pct", "%"),
    "spread_pct": _plain("spread_pct", "%", _LOWER),
    "migrations": _plain("migrations", "", _LOWER),
    "migration_ratio": _plain("migration_ratio", "", _LOWER),
    "iterations": _plain("iterations", "", _HIGHER),
    "iterations_per_worker": _plain("iterations_per_worker", "", _HIGHER),
    "work_units": _plain("work_units", "", _HIGHER),
    "off_cpu_max_pct": _plain("off_cpu_max_pct", "%", _LOWER),
    "wake_cv": _plain("wake_cv", "", _LOWER),
    "wake_tail_ratio": _plain("wake_tail_ratio", "", _LOWER),
    "throughput_cv": _plain("throughput_cv", "", _LOWER),
    "work_rate_min": _plain("work_rate_min", "1/s", _HIGHER),
    "work_rate_mean": _plain("work_rate_mean", "1/s", _HIGHER),
    "iteration_rate_min": _plain("iteration_rate_min", "1/s", _HIGHER),
    "iteration_rate_mean": _plain("iteration_rate_mean", "1/s", _HIGHER),
    "got_cpus": _plain("got_cpus"),
    "promised_cpus": _plain("promised_cpus"),
    "share_error_pct": _plain("share_error_pct", "%", _LOWER),
    "page_locality_min": _plain("page_locality_min", "", _HIGHER),
    "max_gap_ms": Figure(lambda stats: stats.max_gap_ns / NS_PER_MS, "ms", _LOWER),
    "wake_count": Figure(lambda stats: stats.wake.count),
    "wake_p50_us": _percentile("wake", 0.5),
    "wake_p99_us": _percentile("wake", 0.99),
    "wake_max_us": Figure(
        lambda stats: stats.wake.maximum / NS_PER_US if stats.wake.count else None, "us", _LOWER
    ),
    "run_delay_p50_us": _percentile("run_delay", 0.5),
    "run_delay_p99_us": _percentile("run_delay", 0.99),
    "run_delay_mean_ms": Figure(
        lambda stats: _scaled(stats.run_delay_mean_ns, NS_PER_MS), "ms", _LOWER
    ),
    "run_delay_max_ms": Figure(
        lambda stats: _scaled(stats.run_delay_max_ns, NS_PER_MS), "ms", _LOWER
    ),
}
OF_ALL: Mapping[str, Figure[TotalStats]] = {
    "workers": Figure(lambda stats: stats.workers),
    "cpus": Figure(lambda stats: stats.cpus),
    "migrations": Figure(lambda stats: stats.migrations, "", _LOWER),
    "iterations": Figure(lambda stats: stats.iterations, "", _HIGHER),
    "work_units": Figure(lambda stats: stats.work_units, "", _HIGHER),
    "max_gap_ms": Figure(lambda stats: stats.max_gap_ns / NS_PER_MS, "ms", _LOWER),
    "cleanup_max_ms": Figure(lambda stats: _scaled(stats.cleanup_max_ns, NS_PER_MS), "ms", _LOWER),
}

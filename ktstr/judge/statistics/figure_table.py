# SPDX-License-Identifier: Apache-2.0
"""How every figure that claims can name is had of statistics.

A figure (`ktstr.model.verdict.figures`) is the field of its name, or computed of others here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ktstr.introspect.costs.costs import Cost
from ktstr.judge.statistics.cgroups import CgroupStats, TotalStats
from ktstr.judge.workers.subjects import NS_PER_MS, NS_PER_US
from ktstr.model.verdict.figures import RT_APP, Figure, Whose, figures_of
from ktstr.model.verdict.op_figures import OP_FIGURES

S = TypeVar("S")


@dataclass(frozen=True)
class Given(Generic[S]):
    """A figure, and how it is had of statistics `S`: `of` gives None where it was not measured."""

    figure: Figure
    of: Callable[[S], float | None]


def _field(name: str) -> Callable[[CgroupStats | TotalStats], float | None]:
    return lambda stats: getattr(stats, name)


def _scaled(value: float | None, unit_ns: int) -> float | None:
    return None if value is None else value / unit_ns


def _of_rt_app(name: str) -> Callable[[CgroupStats], float | None]:
    return lambda stats: stats.rt_app.get(name)


def _percentile(name: str, part: float) -> Callable[[CgroupStats], float | None]:
    return lambda stats: _scaled(getattr(stats, name).percentile(part), NS_PER_US)


_COMPUTED_OF_A_CGROUP: Mapping[str, Callable[[CgroupStats], float | None]] = {
    "max_gap_ms": lambda stats: stats.max_gap_ns / NS_PER_MS,
    "wake_count": lambda stats: stats.wake.count,
    "wake_p50_us": _percentile("wake", 0.5),
    "wake_p99_us": _percentile("wake", 0.99),
    "wake_max_us": lambda stats: stats.wake.maximum / NS_PER_US if stats.wake.count else None,
    "run_delay_p50_us": _percentile("run_delay", 0.5),
    "run_delay_p99_us": _percentile("run_delay", 0.99),
    "run_delay_sum_mean_ms": lambda stats: _scaled(stats.run_delay_sum_mean_ns, NS_PER_MS),
    "run_delay_sum_max_ms": lambda stats: _scaled(stats.run_delay_sum_max_ns, NS_PER_MS),
    **{name: _of_rt_app(name) for name in RT_APP},
}
_COMPUTED_OF_ALL: Mapping[str, Callable[[TotalStats], float | None]] = {
    "max_gap_ms": lambda stats: stats.max_gap_ns / NS_PER_MS,
    "cleanup_max_ms": lambda stats: _scaled(stats.cleanup_max_ns, NS_PER_MS),
}
OF_A_CGROUP: Mapping[str, Given[CgroupStats]] = {
    name: Given(figure, _COMPUTED_OF_A_CGROUP.get(name, _field(name)))
    for name, figure in figures_of(Whose.CGROUP).items()
}
OF_ALL: Mapping[str, Given[TotalStats]] = {
    name: Given(figure, _COMPUTED_OF_ALL.get(name, _field(name)))
    for name, figure in figures_of(Whose.ALL).items()
}
_OF_CALLS: Mapping[str, Callable[[Cost], float | None]] = {
    "count": lambda cost: cost.count,
    "instructions_p50": lambda cost: cost.percentile(50),
    "instructions_p99": lambda cost: cost.percentile(99),
    "instructions_max": lambda cost: cost.maximum,
    "instructions_total": lambda cost: cost.total,
}
OF_CALLS: Mapping[str, Given[Cost]] = {
    name: Given(figure, _OF_CALLS[name]) for name, figure in OP_FIGURES.items()
}

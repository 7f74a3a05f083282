# SPDX-License-Identifier: Apache-2.0
"""The named figures of a result that claims are about.

A name is `CGROUP.FIGURE`, e.g. `cg_0.iterations`, or `total.FIGURE`; `STEP:` before it means one
step of the scenario, by its number or name: `1:cg_0.max_gap_ms`, `squeeze:total.iterations`.
Cgroups and steps may hold colons and dots themselves, so that what a name means depends on those
there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ktstr.judge.statistics import CgroupStats, TotalStats
from ktstr.judge.subjects import NS_PER_MS, NS_PER_US
from ktstr.model.errors import UsageError
from ktstr.model.scenario import TOTAL


def _scaled(value: float | None, unit_ns: int) -> float | None:
    return None if value is None else value / unit_ns


def _percentile(name: str, part: float) -> Callable[[CgroupStats], float | None]:
    return lambda stats: _scaled(getattr(stats, name).percentile(part), NS_PER_US)


_PLAIN = (
    "workers",
    "cpus",
    "share_min_pct",
    "share_mean_pct",
    "share_max_pct",
    "spread_pct",
    "migrations",
    "migration_ratio",
    "iterations",
    "iterations_per_worker",
    "work_units",
    "off_cpu_max_pct",
    "wake_cv",
    "wake_tail_ratio",
    "throughput_cv",
    "work_rate_min",
    "work_rate_mean",
    "iteration_rate_min",
    "iteration_rate_mean",
    "got_cpus",
    "promised_cpus",
    "share_error_pct",
    "page_locality_min",
)


def _plain(name: str) -> Callable[[CgroupStats], float | None]:
    return lambda stats: getattr(stats, name)


OF_A_CGROUP: Mapping[str, Callable[[CgroupStats], float | None]] = {
    **{name: _plain(name) for name in _PLAIN},
    "max_gap_ms": lambda stats: stats.max_gap_ns / NS_PER_MS,
    "wake_count": lambda stats: stats.wake.count,
    "wake_p50_us": _percentile("wake", 0.5),
    "wake_p99_us": _percentile("wake", 0.99),
    "wake_max_us": lambda stats: stats.wake.maximum / NS_PER_US if stats.wake.count else None,
    "run_delay_p50_us": _percentile("run_delay", 0.5),
    "run_delay_p99_us": _percentile("run_delay", 0.99),
    "run_delay_mean_ms": lambda stats: _scaled(stats.run_delay_mean_ns, NS_PER_MS),
    "run_delay_max_ms": lambda stats: _scaled(stats.run_delay_max_ns, NS_PER_MS),
}
OF_ALL: Mapping[str, Callable[[TotalStats], float | None]] = {
    "workers": lambda stats: stats.workers,
    "cpus": lambda stats: stats.cpus,
    "migrations": lambda stats: stats.migrations,
    "iterations": lambda stats: stats.iterations,
    "work_units": lambda stats: stats.work_units,
    "max_gap_ms": lambda stats: stats.max_gap_ns / NS_PER_MS,
    "cleanup_max_ms": lambda stats: _scaled(stats.cleanup_max_ns, NS_PER_MS),
}


@dataclass(frozen=True)
class FigureName:
    """A name taken apart; `step` is empty for the whole run."""

    step: str
    cgroup: str
    figure: str

    @classmethod
    def parse(cls, text: str) -> FigureName:
        """Takes `CGROUP.FIGURE` apart, at the last dot.

        A `STEP:` is still part of the cgroup then, as both may hold colons: see `placed`.

        Raises:
            UsageError: it has no such form, or there is no such figure; those there are are named.
        """
        cgroup, _, figure = text.rpartition(".")
        if not cgroup or not figure:
            raise UsageError(
                f"{text!r} names no figure; expected CGROUP.FIGURE or {TOTAL}.FIGURE, e.g. "
                f"'cg_0.iterations', and STEP: before it for one step"
            )
        if not cgroup.endswith(f":{TOTAL}") or figure not in {*OF_ALL, *OF_A_CGROUP}:
            _check_figure(text, figure, cgroup.rpartition(":")[2])
        return cls("", cgroup, figure)

    def placed(self, step: str, cgroups: Collection[str], steps: Collection[str]) -> FigureName:
        """The name with its step, of `steps` (numbers and names), and its cgroup, of `cgroups`.

        With `step` given, all of the name is the cgroup's.  Else a whole cgroup's name means that
        for the whole run; only then is a step looked for, before any of the colons.

        Raises:
            UsageError: there is no such cgroup or step, or it is not clear which is meant.
        """
        known, text = {*cgroups, TOTAL}, f"{self.cgroup}.{self.figure}"
        if step or self.cgroup in known:
            found = [(step, self.cgroup)]
        else:
            found = [pair for pair in self._splits() if pair[0] in steps and pair[1] in known]
        if len(found) > 1:
            meant = " or ".join(f"cgroup {cgroup!r} in step {step!r}" for step, cgroup in found)
            raise UsageError(
                f"stat {text!r} may be {meant}; give the step apart: "
                f"stat({f'{found[0][1]}.{self.figure}'!r}, step={found[0][0]!r})"
            )
        step, cgroup = found[0] if found else self._nearest(known, steps)
        if cgroup not in known:
            there = ", ".join(sorted(cgroups)) or "none"
            raise UsageError(
                f"stat {text!r}: the scenario makes no cgroup {cgroup!r}; its cgroups: {there}"
            )
        if (step or not found) and step not in steps:
            there = ", ".join(steps) or "none"
            raise UsageError(
                f"stat {text!r}: the scenario has no step {step!r}; its steps: {there}"
            )
        _check_figure(text, self.figure, cgroup)
        return FigureName(step, cgroup, self.figure)

    def _splits(self) -> list[tuple[str, str]]:
        """(step, cgroup) for each colon that may be between them."""
        parts = self.cgroup.split(":")
        return [(":".join(parts[:i]), ":".join(parts[i:])) for i in range(1, len(parts))]

    def _nearest(self, cgroups: Collection[str], steps: Collection[str]) -> tuple[str, str]:
        """What was probably meant by a name that means nothing: half of it may be known."""
        for step, cgroup in self._splits():
            if step in steps or cgroup in cgroups:
                return step, cgroup
        return "", self.cgroup


def _check_figure(text: str, figure: str, cgroup: str) -> None:
    known = OF_ALL if cgroup == TOTAL else OF_A_CGROUP
    if figure not in known:
        whose = "the totals" if cgroup == TOTAL else "a cgroup"
        raise UsageError(
            f"{text!r}: there is no figure {figure!r}; those of {whose}: {', '.join(sorted(known))}"
        )

# SPDX-License-Identifier: Apache-2.0
"""All statistics of one run, made once for everybody who reads any of them."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.judge.statistics.cgroups import (
    NO_WORKERS,
    CgroupStats,
    TotalStats,
    cgroup_stats,
    total_stats,
)
from ktstr.judge.statistics.told import Told, told_of
from ktstr.judge.workers.phases import step_scope, whole
from ktstr.judge.workers.scope import Scope
from ktstr.record.run import RunRecord


@dataclass(frozen=True)
class StepStatistics:
    """One step of a scenario: what its workers got, and the others meanwhile."""

    index: int
    name: str
    total: TotalStats
    cgroups: tuple[CgroupStats, ...]


@dataclass(frozen=True)
class RunStatistics:
    """The whole run, and the steps of each of its scenarios, in the order of their time.

    told: what the scheduler told of itself.
    """

    total: TotalStats = NO_WORKERS
    cgroups: tuple[CgroupStats, ...] = ()
    scenarios: tuple[tuple[StepStatistics, ...], ...] = ()
    told: tuple[Told, ...] = ()


# of a test whose guest was never started
NO_STATISTICS = RunStatistics()


def run_statistics(run: RunRecord) -> RunStatistics:
    """The statistics of `run`.

    Raises:
        UsageError: a fact of the guest cannot be read, e.g. a CPU list.
    """
    scope = whole(run)
    return RunStatistics(
        total=total_stats(scope),
        cgroups=cgroup_stats(scope),
        scenarios=tuple(
            tuple(
                _of_step(step.index, step.name, step_scope(run, scenario, step))
                for step in scenario.steps
            )
            for scenario in run.scenarios
        ),
        told=told_of(run),
    )


def _of_step(index: int, name: str, scope: Scope) -> StepStatistics:
    return StepStatistics(index, name, total_stats(scope), cgroup_stats(scope))

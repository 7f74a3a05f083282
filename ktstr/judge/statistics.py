# SPDX-License-Identifier: Apache-2.0
"""Figures of a run by cgroup, whatever is checked."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.judge.fairness import Cohort, cohorts
from ktstr.judge.latency import pooled
from ktstr.judge.migration import migrations
from ktstr.judge.subjects import by_cgroup, wall_ns
from ktstr.model.cpulist import parse_cpulist
from ktstr.model.facts import WorkerFacts
from ktstr.model.histogram import Histogram


@dataclass(frozen=True)
class CgroupStats:
    """What the workers of one cgroup got.

    Shares are CPU time in percent of wall time, 100 being a whole CPU.  spread_pct: see
    `ktstr.judge.fairness`, None where no two workers can be compared.  Run delays are the kernel's
    waiting times on runqueues, per worker, None where it gives none.
    """

    name: str
    workers: int
    cpus: int
    share_min_pct: float
    share_mean_pct: float
    share_max_pct: float
    spread_pct: float | None
    max_gap_ns: int
    max_gap_cpu: int
    migrations: int
    iterations: int
    work_units: int
    run_delay_mean_ns: float | None
    run_delay_max_ns: int | None
    wake: Histogram


def cgroup_stats(
    workers: tuple[WorkerFacts, ...], machine: frozenset[int]
) -> tuple[CgroupStats, ...]:
    """The statistics of each cgroup, by name; `machine` are all CPUs of it."""
    compared: dict[str, list[Cohort]] = {}
    for cohort in cohorts(workers, machine):
        compared.setdefault(cohort.cgroup, []).append(cohort)
    return tuple(
        _stats(name, members, compared.get(name, []), machine)
        for name, members in by_cgroup(workers).items()
    )


def _stats(
    name: str, members: list[WorkerFacts], compared: list[Cohort], machine: frozenset[int]
) -> CgroupStats:
    shares = [100 * worker.cpu_ns / wall_ns(worker) for worker in members if wall_ns(worker)]
    spreads = [cohort.spread_pct for cohort in compared if len(cohort.shares) > 1]
    delays = [worker.run_delay_ns for worker in members if worker.run_delay_ns is not None]
    gap = max(members, key=lambda worker: worker.max_gap_ns)
    cpus = frozenset().union(*(parse_cpulist(worker.cpuset) or machine for worker in members))
    return CgroupStats(
        name=name,
        workers=len(members),
        cpus=len(cpus),
        share_min_pct=min(shares, default=0.0),
        share_mean_pct=sum(shares) / len(shares) if shares else 0.0,
        share_max_pct=max(shares, default=0.0),
        spread_pct=max(spreads, default=None),
        max_gap_ns=gap.max_gap_ns,
        max_gap_cpu=gap.max_gap_cpu,
        migrations=sum(migrations(worker) for worker in members),
        iterations=sum(worker.iterations for worker in members),
        work_units=sum(worker.work_units for worker in members),
        run_delay_mean_ns=sum(delays) / len(delays) if delays else None,
        run_delay_max_ns=max(delays, default=None),
        wake=pooled(members),
    )

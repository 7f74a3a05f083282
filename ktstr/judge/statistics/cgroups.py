# SPDX-License-Identifier: Apache-2.0
"""Figures of a run, or of one step, by cgroup and in total, whatever is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ktstr.judge.checks.delay import pooled_delays
from ktstr.judge.checks.dsq_depth import local_depths, user_depths
from ktstr.judge.checks.event_rates import fallback_rates, keep_last_rates
from ktstr.judge.checks.fairness import Cohort, cohorts
from ktstr.judge.checks.idle_beside_wait import idle_waits
from ktstr.judge.checks.imbalance import imbalance
from ktstr.judge.checks.latency import pooled
from ktstr.judge.checks.locality import locality
from ktstr.judge.checks.measure import Measurement
from ktstr.judge.checks.migration import migrations
from ktstr.judge.checks.scx_events import error_count
from ktstr.judge.checks.share import Portion, portions
from ktstr.judge.checks.stall import standstills
from ktstr.judge.checks.throughput import iteration_rate, variations, work_rate
from ktstr.judge.numbers.spread import histogram_variation, tail_ratio
from ktstr.judge.statistics.rt_app import rt_app_figures
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import by_cgroup, wall_ns
from ktstr.judge.workers.windows import allowed
from ktstr.model.facts import WorkerFacts
from ktstr.model.histogram import Histogram


@dataclass(frozen=True)
class CgroupStats:
    """What the workers of one cgroup got.

    Shares are CPU time in percent of wall time, 100 being a whole CPU.  spread_pct: see
    `ktstr.judge.checks.fairness`, None where no two workers can be compared.  run_delay_*: the
    kernel's waiting times on runqueues, summed over a worker's life; run_delay holds the single
    waits.  work_rate_*: work units per second of CPU time; iteration_rate_*: iterations per second
    of wall time.  throughput_cv: the largest among like workers.  wake_tail_ratio: p99 by median.
    got_cpus, promised_cpus: see `ktstr.judge.checks.share`.  page_locality_min: see
    `ktstr.judge.checks.locality`.  rt_app: see `rt_app_figures`.  None: not measured, or nothing to
    divide by.
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
    run_delay_sum_mean_ns: float | None
    run_delay_sum_max_ns: int | None
    wake: Histogram
    run_delay: Histogram
    off_cpu_max_pct: float | None = None
    migration_ratio: float | None = None
    iterations_per_worker: float | None = None
    wake_cv: float | None = None
    wake_tail_ratio: float | None = None
    throughput_cv: float | None = None
    work_per_cpu_s_min: float | None = None
    work_per_cpu_s_mean: float | None = None
    iterations_per_s_min: float | None = None
    iterations_per_s_mean: float | None = None
    got_cpus: float | None = None
    promised_cpus: float | None = None
    share_error_pct: float | None = None
    page_locality_min: float | None = None
    rt_app: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TotalStats:
    """All workers together.  cpus: those that any of them was allowed, each counted once.

    From imbalance_ratio on by the monitor, see the checks of these names: the worst value; None
    where it did not look.  user_dsq_depth: of a DSQ that a scheduler made.  runqueue_stall_ms: of
    `no_stall`.  scx_error_events: those of `no_scx_error_events`, all together.
    """

    workers: int
    cpus: int
    migrations: int
    iterations: int
    work_units: int
    max_gap_ns: int
    cleanup_max_ns: int | None
    imbalance_ratio: float | None = None
    local_dsq_depth: float | None = None
    user_dsq_depth: float | None = None
    fallback_rate: float | None = None
    keep_last_rate: float | None = None
    idle_beside_wait_ms: float | None = None
    runqueue_stall_ms: float | None = None
    scx_error_events: float | None = None


# the totals of a run in which nothing was measured
NO_WORKERS = TotalStats(0, 0, 0, 0, 0, 0, None)


def total_stats(scope: Scope) -> TotalStats:
    """The totals of `scope`."""
    workers, machine = scope.workers, scope.machine.cpus
    cleanups = [
        took
        for scenario in scope.scenarios
        for took in (
            *(step.torn_down_ns - step.ended_ns for step in scenario.steps),
            *(() if scope.step is not None else (scenario.cleanup_ns,)),
        )
    ]
    return TotalStats(
        workers=len(workers),
        cpus=len(frozenset().union(*(allowed(worker, machine) for worker in workers))),
        migrations=sum(migrations(worker) for worker in workers),
        iterations=sum(worker.iterations for worker in workers),
        work_units=sum(worker.work_units for worker in workers),
        max_gap_ns=max((worker.max_gap_ns for worker in workers), default=0),
        cleanup_max_ns=max(cleanups, default=None),
        imbalance_ratio=_worst(imbalance(scope)),
        local_dsq_depth=_worst(local_depths(scope)),
        user_dsq_depth=_worst(user_depths(scope)),
        fallback_rate=_worst(fallback_rates(scope)),
        keep_last_rate=_worst(keep_last_rates(scope)),
        idle_beside_wait_ms=_worst(idle_waits(scope)),
        runqueue_stall_ms=_worst(standstills(scope)),
        scx_error_events=error_count(scope),
    )


def cgroup_stats(scope: Scope) -> tuple[CgroupStats, ...]:
    """The statistics of each cgroup with workers, by name."""
    compared: dict[str, list[Cohort]] = {}
    for cohort in cohorts(scope.workers, scope.machine.cpus, scope.presence, scope.beside):
        compared.setdefault(cohort.cgroup, []).append(cohort)
    shares = {portion.cgroup: portion for portion in portions(scope)}
    varied: dict[str, list[Measurement]] = {}
    for each in variations(scope):
        varied.setdefault(each.subject, []).append(each)
    return tuple(
        _stats(name, members, compared.get(name, []), shares.get(name), varied.get(name, []), scope)
        for name, members in by_cgroup(scope.workers).items()
    )


def _stats(
    name: str,
    members: list[WorkerFacts],
    compared: list[Cohort],
    portion: Portion | None,
    varied: list[Measurement],
    scope: Scope,
) -> CgroupStats:
    shares = [100 * worker.cpu_ns / wall_ns(worker) for worker in members if wall_ns(worker)]
    spreads = [cohort.spread_pct for cohort in compared if len(cohort.shares) > 1]
    delays = [worker.run_delay_ns for worker in members if worker.run_delay_ns is not None]
    gap = max(members, key=lambda worker: worker.max_gap_ns)
    iterations, moves = (
        sum(worker.iterations for worker in members),
        sum(migrations(worker) for worker in members),
    )
    machine = scope.machine.cpus
    work, rates = _known(members, work_rate), _known(members, iteration_rate)
    wake = pooled(members)
    return CgroupStats(
        name=name,
        workers=len(members),
        cpus=len(frozenset().union(*(allowed(worker, machine) for worker in members))),
        share_min_pct=min(shares, default=0.0),
        share_mean_pct=_mean(shares) or 0.0,
        share_max_pct=max(shares, default=0.0),
        spread_pct=max(spreads, default=None),
        max_gap_ns=gap.max_gap_ns,
        max_gap_cpu=gap.max_gap_cpu,
        migrations=moves,
        iterations=iterations,
        work_units=sum(worker.work_units for worker in members),
        run_delay_sum_mean_ns=_mean(delays),
        run_delay_sum_max_ns=max(delays, default=None),
        wake=wake,
        run_delay=pooled_delays(members),
        off_cpu_max_pct=max((100 - share for share in shares), default=None),
        migration_ratio=moves / iterations if iterations else None,
        iterations_per_worker=iterations / len(members),
        wake_cv=histogram_variation(wake),
        wake_tail_ratio=tail_ratio(wake),
        throughput_cv=max((each.value for each in varied if each.value is not None), default=None),
        work_per_cpu_s_min=min(work, default=None),
        work_per_cpu_s_mean=_mean(work),
        iterations_per_s_min=min(rates, default=None),
        iterations_per_s_mean=_mean(rates),
        got_cpus=portion.got if portion else None,
        promised_cpus=portion.promised if portion else None,
        share_error_pct=portion.error_pct if portion else None,
        page_locality_min=min(
            _known(members, lambda worker: locality(worker, scope.machine)), default=None
        ),
        rt_app=rt_app_figures(members),
    )


def _known(
    members: Iterable[WorkerFacts], measure: Callable[[WorkerFacts], float | None]
) -> list[float]:
    return [value for worker in members if (value := measure(worker)) is not None]


def _worst(measurements: Iterable[Measurement]) -> float | None:
    return max((each.value for each in measurements if each.value is not None), default=None)


def _mean(values: list[float] | list[int]) -> float | None:
    return sum(values) / len(values) if values else None

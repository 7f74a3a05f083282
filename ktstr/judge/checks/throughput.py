# SPDX-License-Identifier: Apache-2.0
"""max_throughput_cv, min_work_per_cpu_s, min_iterations_per_s: workers get on, and evenly so.

A work rate is work units by CPU time; an iteration rate is iterations by wall time.
"""

from __future__ import annotations

from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.numbers.spread import variation
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import (
    MIN_WINDOW_NS,
    NS_PER_S,
    by_cgroup,
    ordered,
    wall_ns,
    worker_name,
)
from ktstr.model.facts import WorkerFacts
from ktstr.model.verdict.kinds import Kind


def work_rate(worker: WorkerFacts) -> float | None:
    """Work units per second of CPU time; None without CPU time."""
    return worker.work_units * NS_PER_S / worker.cpu_ns if worker.cpu_ns > 0 else None


def iteration_rate(worker: WorkerFacts) -> float | None:
    """Iterations per second of wall time; None for a life too short to tell."""
    wall = wall_ns(worker)
    return worker.iterations * NS_PER_S / wall if wall >= MIN_WINDOW_NS else None


def variations(scope: Scope) -> list[Measurement]:
    """The variation of the work rates of each cgroup's workers of one work type, if two or more."""
    groups: dict[tuple[str, str], list[WorkerFacts]] = {}
    for cgroup, members in by_cgroup(scope.workers).items():
        for worker in members:
            groups.setdefault((cgroup, worker.work_type), []).append(worker)
    return [_variation(*key, group) for key, group in groups.items() if len(group) > 1]


def work_rates(scope: Scope) -> list[Measurement]:
    """The work rate of each worker."""
    return [_work_rate(worker) for worker in ordered(scope.workers)]


def iteration_rates(scope: Scope) -> list[Measurement]:
    """The iteration rate of each worker."""
    return [_iteration_rate(worker) for worker in ordered(scope.workers)]


MAX_VARIATION = Limit(
    "max_throughput_cv",
    Kind.THROUGHPUT_CV,
    "",
    variations,
    "throughput is compared but no cgroup has two workers of one work type: add some, or drop "
    "the check",
)
MIN_WORK_RATE = Limit("min_work_per_cpu_s", Kind.WORK_RATE, "per CPU second", work_rates)
MIN_ITERATION_RATE = Limit(
    "min_iterations_per_s", Kind.ITERATION_RATE, "per second", iteration_rates
)


def _variation(cgroup: str, work_type: str, group: list[WorkerFacts]) -> Measurement:
    rates = [rate for worker in group if (rate := work_rate(worker)) is not None]
    cv = variation(rates) if len(rates) == len(group) else None
    if cv is None:
        words = (
            f"cgroup {cgroup}: {len(group)} {work_type} workers cannot be compared, as "
            f"{len(group) - len(rates)} had no CPU time and the others' work came to {sum(rates):g}"
        )
        return Measurement(cgroup, None, words)
    mean = sum(rates) / len(rates)
    words = (
        f"cgroup {cgroup}: work rates of {len(group)} {work_type} workers vary with CV {cv:.3f} "
        f"around {mean:.0f} per CPU second"
    )
    return Measurement(cgroup, cv, words)


def _work_rate(worker: WorkerFacts) -> Measurement:
    name, rate = worker_name(worker), work_rate(worker)
    if rate is None:
        words = f"{name} ({worker.work_type}) had no CPU time, so that it has no work rate"
        return Measurement(name, None, words)
    words = f"{name} ({worker.work_type}) did {rate:.1f} work units per second of CPU time"
    return Measurement(name, rate, words, pid=worker.pid)


def _iteration_rate(worker: WorkerFacts) -> Measurement:
    name, rate = worker_name(worker), iteration_rate(worker)
    if rate is None:
        words = f"{name} ({worker.work_type}) lived too briefly for a rate; hold its step longer"
        return Measurement(name, None, words)
    words = f"{name} ({worker.work_type}) did {rate:.1f} iterations per second"
    return Measurement(name, rate, words, pid=worker.pid)

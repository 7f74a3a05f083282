# SPDX-License-Identifier: Apache-2.0
"""max_migrations_per_s and max_migration_ratio: workers are not thrown about between CPUs."""

from __future__ import annotations

from ktstr.judge.checks.measure import Limit, Measurement
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


def migrations(worker: WorkerFacts) -> int:
    """The kernel's own count where it is known, else what was sampled, which may miss some."""
    return worker.migrations if worker.kernel_migrations is None else worker.kernel_migrations


def rates(scope: Scope) -> list[Measurement]:
    """Migrations of each worker per second of its wall time."""
    return [_rate(worker) for worker in ordered(scope.workers)]


def ratios(scope: Scope) -> list[Measurement]:
    """Migrations of each cgroup's workers by their iterations."""
    return [_ratio(name, members) for name, members in by_cgroup(scope.workers).items()]


MAX_RATE = Limit("max_migrations_per_s", Kind.MIGRATION, "per second", rates)
MAX_RATIO = Limit("max_migration_ratio", Kind.MIGRATION_RATIO, "per iteration", ratios)


def _uncounted(worker: WorkerFacts) -> bool:
    return worker.kernel_migrations is None and not worker.samples


def _rate(worker: WorkerFacts) -> Measurement:
    name, wall = worker_name(worker), wall_ns(worker)
    if wall < MIN_WINDOW_NS or _uncounted(worker):
        words = f"{name} ({worker.work_type}): its migrations were not measured"
        return Measurement(name, None, words)
    count = migrations(worker)
    rate = count * NS_PER_S / wall
    words = (
        f"{name} ({worker.work_type}) made {count} migrations in {wall / NS_PER_S:.2f} s: "
        f"{rate:.1f} per second"
    )
    return Measurement(name, rate, words, pid=worker.pid)


def _ratio(cgroup: str, members: list[WorkerFacts]) -> Measurement:
    if all(_uncounted(worker) for worker in members):
        words = f"cgroup {cgroup}: the migrations of its workers were not measured"
        return Measurement(cgroup, None, words)
    iterations = sum(worker.iterations for worker in members)
    count = sum(migrations(worker) for worker in members)
    if not iterations:
        words = (
            f"cgroup {cgroup}: its workers did no iteration, so that their {count} migrations "
            f"have nothing to be compared with"
        )
        return Measurement(cgroup, None, words)
    words = f"cgroup {cgroup}: {count} migrations in {iterations} iterations"
    return Measurement(cgroup, count / iterations, words)

# SPDX-License-Identifier: Apache-2.0
"""max_migrations_per_s: workers are not thrown about between CPUs."""

from __future__ import annotations

from ktstr.judge.subjects import MIN_WINDOW_NS, NS_PER_S, by_cgroup, wall_ns, worker_name
from ktstr.model.checks import Detail, Kind, Verdict
from ktstr.model.facts import WorkerFacts


def migrations(worker: WorkerFacts) -> int:
    """The kernel's own count where it is known, else what was sampled, which may miss some."""
    return worker.migrations if worker.kernel_migrations is None else worker.kernel_migrations


def migration_rate(workers: tuple[WorkerFacts, ...], limit_per_s: float) -> list[Detail]:
    """One FAIL for each worker that migrates more often per second than the limit.

    INCONCLUSIVE for one that lived too briefly or was never sampled nor counted.
    """
    details = []
    for members in by_cgroup(workers).values():
        for worker in members:
            name, wall = worker_name(worker), wall_ns(worker)
            if wall < MIN_WINDOW_NS or (worker.kernel_migrations is None and not worker.samples):
                message = f"{name} ({worker.work_type}): its migrations were not measured"
                details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE, name))
                continue
            count = migrations(worker)
            rate = count * NS_PER_S / wall
            if rate > limit_per_s:
                message = (
                    f"{name} ({worker.work_type}) made {count} migrations in "
                    f"{wall / NS_PER_S:.2f} s: {rate:.1f} per second (limit {limit_per_s:g})"
                )
                details.append(Detail(Kind.MIGRATION, message, Verdict.FAIL, name))
    return details

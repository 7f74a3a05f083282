# SPDX-License-Identifier: Apache-2.0
"""not_starved: every worker does work."""

from __future__ import annotations

from ktstr.judge.subjects import MIN_WINDOW_NS, NS_PER_MS, by_cgroup, crashed, wall_ns, worker_name
from ktstr.model.checks import Detail, Kind, Verdict
from ktstr.model.facts import WorkerFacts


def starved(workers: tuple[WorkerFacts, ...]) -> list[Detail]:
    """One FAIL for each worker that was let go and did no work at all.

    A worker that could not be set up (it has errors) says nothing here, nor does one that crashed.
    """
    return [
        detail
        for members in by_cgroup(workers).values()
        for worker in members
        if (detail := _judge(worker)) is not None
    ]


def _judge(worker: WorkerFacts) -> Detail | None:
    if worker.work_units or worker.errors or crashed(worker):
        return None
    name, wall = worker_name(worker), wall_ns(worker)
    if wall < MIN_WINDOW_NS:
        return Detail(
            Kind.NO_DATA,
            f"{name} ({worker.work_type}) lived {wall / NS_PER_MS:.1f} ms, too short to say "
            f"whether it was starved; hold its step for longer",
            Verdict.INCONCLUSIVE,
            name,
        )
    return Detail(
        Kind.STARVED,
        f"{name} ({worker.work_type}) did no work in {wall / NS_PER_MS:.0f} ms "
        f"(CPU time {worker.cpu_ns / NS_PER_MS:.1f} ms)",
        Verdict.FAIL,
        name,
    )

# SPDX-License-Identifier: Apache-2.0
"""not_starved: every worker does work, and goes on doing it."""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.judge.workers.subjects import (
    MIN_WINDOW_NS,
    NS_PER_MS,
    by_cgroup,
    crashed,
    wall_ns,
    worker_name,
)
from ktstr.model.facts import WorkerFacts
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

# a worker whose last gap reaches to its end, and over this part of its life, has been starved
_LOST_PART = 0.5
# of the load weight of the heaviest in its cgroup: who has less is promised next to nothing beside
# that one, as a SCHED_IDLE task (weight 3, kernel/sched/core.c) is beside a normal one (1024)
_LEAST_PART = 0.01
# of its life on a CPU: who had that, never waited for most of it, and answered when told to stop,
# was slow to come to its work (to start takes tens of ms), and kept from the CPU by nobody
_RAN_PART = 0.05


def starved(workers: tuple[WorkerFacts, ...]) -> list[Detail]:
    """One FAIL for each worker that did no work at all, or none any more for most of its life.

    The latter is told of those alone that did not even answer when told to stop.  A worker that
    could not be set up (it has errors) says nothing here, nor does one that crashed, nor one to
    which its load weight promises next to nothing, nor one that had a CPU and did not come to work.
    """
    return [found for _, found, left_out in _judged(workers) if not left_out]


def starvation_remarks(run: RunRecord) -> Iterator[str]:
    """A sentence for each worker that did no work, and was starved by nobody."""
    for worker in run.workers:
        if not (worker.errors or crashed(worker)) and _only_began(worker):
            yield (
                f"{_no_work(worker)}: it had a CPU and answered when told to stop, so not_starved "
                "leaves it out; hold its step for longer"
            )
    for worker, found, left_out in _judged(run.workers):
        if left_out and found.verdict is Verdict.FAIL:
            yield (
                f"{found.message}: beside the other workers of its cgroup its weight of "
                f"{worker.weight} promises next to nothing, so not_starved leaves it out"
            )


def _judged(workers: tuple[WorkerFacts, ...]) -> Iterator[tuple[WorkerFacts, Detail, bool]]:
    """What was found of a worker, and whether its weight promises it next to nothing."""
    for members in by_cgroup(workers).values():
        heaviest = max((each.weight for each in members if each.cpu_hungry), default=0)
        for worker in members:
            found = _judge(worker)
            if found is not None:
                # 0: of a class above those that share by weight
                yield worker, found, 0 < worker.weight < _LEAST_PART * heaviest


def _judge(worker: WorkerFacts) -> Detail | None:
    if worker.errors or crashed(worker):
        return None
    if worker.work_units:
        return _judge_lost(worker)
    name, wall = worker_name(worker), wall_ns(worker)
    if wall < MIN_WINDOW_NS:
        return Detail(
            Kind.NO_DATA,
            f"{name} ({worker.work_type}) lived {wall / NS_PER_MS:.1f} ms, too short to say "
            f"whether it was starved; hold its step for longer",
            Verdict.INCONCLUSIVE,
            name,
        )
    if _only_began(worker):
        return None
    return Detail(Kind.STARVED, _no_work(worker), Verdict.FAIL, name, worker.pid)


def _no_work(worker: WorkerFacts) -> str:
    return (
        f"{worker_name(worker)} ({worker.work_type}) did no work in "
        f"{wall_ns(worker) / NS_PER_MS:.0f} ms (CPU time {worker.cpu_ns / NS_PER_MS:.1f} ms)"
    )


def _only_began(worker: WorkerFacts) -> bool:
    wall = wall_ns(worker)
    ran = worker.cpu_ns >= _RAN_PART * wall and worker.max_gap_ns < _LOST_PART * wall
    return not worker.work_units and worker.completed and wall >= MIN_WINDOW_NS and ran


def _judge_lost(worker: WorkerFacts) -> Detail | None:
    open_gap = not worker.completed and worker.max_gap_at_ns >= worker.ended_ns
    name, wall = worker_name(worker), wall_ns(worker)
    if not open_gap or worker.max_gap_ns < _LOST_PART * wall or wall < MIN_WINDOW_NS:
        return None
    return Detail(
        Kind.STARVED,
        f"{name} ({worker.work_type}) did no work in the last {worker.max_gap_ns / NS_PER_MS:.0f} "
        f"of its {wall / NS_PER_MS:.0f} ms, nor did it answer when told to stop",
        Verdict.FAIL,
        name,
        worker.pid,
    )

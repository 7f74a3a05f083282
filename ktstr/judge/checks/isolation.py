# SPDX-License-Identifier: Apache-2.0
"""isolation: workers run only on the CPUs that their cgroup's cpuset allows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ktstr.judge.workers.presence import ALL_THERE, Presence
from ktstr.judge.workers.subjects import NS_PER_MS, by_cgroup, worker_name
from ktstr.model.facts import WorkerFacts
from ktstr.model.machine.cpulist import format_cpulist, parse_cpulist
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind


def isolation(
    workers: tuple[WorkerFacts, ...],
    presence: Presence = ALL_THERE,
    lives: Mapping[int, tuple[int, int]] = MappingProxyType({}),
) -> list[Detail]:
    """One FAIL for each worker seen on a CPU outside the cpuset that was in force.

    INCONCLUSIVE when no cgroup has a cpuset, a worker in one was never sampled, or all CPUs of its
    cpuset were gone for a time (`presence`): the kernel gives it those of the cgroup above then.
    `lives`: pid -> window of a worker's whole life, where `workers` are cut to a step.
    """
    details = []
    confined = [worker for worker in workers if worker.cpuset]
    if workers and not confined:
        details.append(
            Detail(
                Kind.NO_DATA,
                "isolation is checked but no cgroup has a cpuset: give a CgroupDef one, "
                "or drop the check",
                Verdict.INCONCLUSIVE,
            )
        )
    for members in by_cgroup(tuple(confined)).values():
        details += [
            detail for worker in members if (detail := _judge(worker, presence, lives)) is not None
        ]
    return details


def _judge(
    worker: WorkerFacts, presence: Presence, lives: Mapping[int, tuple[int, int]]
) -> Detail | None:
    name = worker_name(worker)
    if not worker.ran_on:
        if not worker.work_units:
            return None  # it never ran: starvation's business
        message = f"{name} ({worker.work_type}) worked but its CPU was never sampled"
        return Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE, name)
    outside = set(worker.ran_on) - parse_cpulist(worker.cpuset)
    if not outside:
        return None
    spent = sum(worker.ran_on[cpu] for cpu in outside) / NS_PER_MS
    message = (
        f"{name} ({worker.work_type}) ran for {spent:.1f} ms on CPUs {format_cpulist(outside)}, "
        f"outside its cpuset {worker.cpuset}"
    )
    # where it ran is known for its whole life only
    window = lives.get(worker.pid, (worker.started_ns, worker.ended_ns))
    lost = presence.lost(parse_cpulist(worker.cpuset), *window)
    if lost:
        message = (
            f"{message}; but {lost}: the kernel lets it run on those of the cgroup above then, so "
            f"that isolation cannot be judged"
        )
        return Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE, name)
    return Detail(Kind.ISOLATION, message, Verdict.FAIL, name)

# SPDX-License-Identifier: Apache-2.0
"""When workers ran, together or frozen, where they may run, and what they used of given CPUs."""

from __future__ import annotations

from ktstr.judge.workers.presence import Presence
from ktstr.judge.workers.subjects import affinity_of, is_within, wall_ns
from ktstr.model.facts import CgroupFacts, WorkerFacts
from ktstr.model.machine.cpulist import parse_cpulist

# workers whose starts and ends differ by more than this part of their life are not compared
_SAME_WINDOW = 0.1


def allowed(worker: WorkerFacts, machine: frozenset[int]) -> frozenset[int]:
    """The CPUs that cpuset and affinity leave to a worker."""
    cpuset = parse_cpulist(worker.cpuset) or machine
    return (parse_cpulist(affinity_of(worker)) & cpuset) or cpuset


def stranded(worker: WorkerFacts, machine: frozenset[int], presence: Presence) -> str:
    """When all CPUs that a worker was allowed were gone, in words; empty if they never were.

    The kernel lets it run elsewhere then: while a cpuset has no CPU, and from then on where it was
    an affinity that had none (select_fallback_rq() of kernel/sched/core.c breaks it for good).
    """
    cpuset, affinity = parse_cpulist(worker.cpuset), parse_cpulist(affinity_of(worker))
    lost = presence.lost(cpuset or machine, worker.started_ns, worker.ended_ns)
    if lost or not affinity or affinity == cpuset:
        return lost
    # a worker that is cut to one step may have lived before it
    return presence.lost(allowed(worker, machine), 0, worker.ended_ns, since_ns=worker.started_ns)


def gap_window(worker: WorkerFacts) -> tuple[int, int]:
    """Start and end (ns) of a worker's longest gap, or of its life where nobody knows when it was.

    So it is with one that is cut to a step.
    """
    if not worker.max_gap_at_ns:
        return worker.started_ns, worker.ended_ns
    return worker.max_gap_at_ns - worker.max_gap_ns, worker.max_gap_at_ns


def together(a: WorkerFacts, b: WorkerFacts) -> bool:
    """Whether both lived at the same time, nearly from beginning to end."""
    slack = _SAME_WINDOW * max(wall_ns(a), wall_ns(b))
    return abs(a.started_ns - b.started_ns) <= slack and abs(a.ended_ns - b.ended_ns) <= slack


def used(other: WorkerFacts, cpus: frozenset[int], window: WorkerFacts) -> float:
    """How many of `cpus` another worker took, on average over the life of `window`.

    Its CPU time is dealt out as its sampled CPUs say, evenly over its life.
    """
    start, end = max(other.started_ns, window.started_ns), min(other.ended_ns, window.ended_ns)
    sampled = sum(other.ran_on.values())
    if end <= start or not sampled:
        return 0.0
    here = sum(ns for cpu, ns in other.ran_on.items() if cpu in cpus) / sampled
    overlap = (end - start) / wall_ns(other)
    return here * other.cpu_ns * overlap / wall_ns(window)


def frozen_ns(cgroup: str, facts: tuple[CgroupFacts, ...]) -> int:
    """Nanoseconds that a cgroup was frozen, itself or with one above it, over all its lives."""
    return sum(each.frozen_ns for each in facts if is_within(cgroup, each.name))

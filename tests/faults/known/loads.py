# SPDX-License-Identifier: Apache-2.0
"""What several faults show in: cgroups that share one CPU."""

from __future__ import annotations

from ktstr import Bursty, CgroupDef, CpuSpin, Exact, Work

ONE = Exact(frozenset({0}))


def cpus(*numbers: int) -> Exact:
    """A cpuset of these CPUs."""
    return Exact(frozenset(numbers))


def spins(name: str, workers: int = 1, cpuset: Exact = ONE) -> CgroupDef:
    """A cgroup of spinners."""
    return CgroupDef(name, cpuset, works=(Work(CpuSpin(), workers=workers),))


def naps(name: str, burst_us: int, sleep_us: int, workers: int = 1) -> CgroupDef:
    """A cgroup of workers that sleep after each burst, on the first CPU."""
    work = Work(Bursty(burst_us=burst_us, sleep_us=sleep_us), workers=workers)
    return CgroupDef(name, ONE, works=(work,))


# A sleeper's group that has had more than its share stays queued: its dequeue is delayed.
DELAYED = (spins("spin"), naps("naps", 2_000, 3_000, workers=2), naps("more", 5_000, 7_000))

# SPDX-License-Identifier: Apache-2.0
"""What workers do: work types, scheduling policies, affinity, and the groups made of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ktstr.model.cpulist import format_cpulist
from ktstr.model.errors import UsageError


@dataclass(frozen=True)
class CpuSpin:
    """Spins without ever blocking."""


@dataclass(frozen=True)
class YieldHeavy:
    """Calls sched_yield on every iteration."""


@dataclass(frozen=True)
class Mixed:
    """Spins, then yields, in turns."""


@dataclass(frozen=True)
class Bursty:
    """Spins for `burst_us`, then sleeps for `sleep_us` (microseconds, absolute deadlines)."""

    burst_us: int = 50_000
    sleep_us: int = 100_000


@dataclass(frozen=True)
class PipeIo:
    """Pairs that hand one byte to and fro through pipes, spinning `spin` iterations between."""

    spin: int = 1024


@dataclass(frozen=True)
class FutexPingPong:
    """Pairs that wake each other through one futex word, spinning `spin` iterations between."""

    spin: int = 1024


@dataclass(frozen=True)
class IoSync:
    """Writes 16 blocks of 4 KiB to a file of its own, then sleeps 100 us as a device would."""


@dataclass(frozen=True)
class IoSyncWrite:
    """Writes `blocks` blocks of `block_kb` KiB to a file of its own on `disk`, then syncs it."""

    disk: str = "disk0"
    block_kb: int = 4
    blocks: int = 16


@dataclass(frozen=True)
class IoRandRead:
    """Reads a random block of `block_kb` KiB of the device of `disk`, past the page cache."""

    disk: str = "disk0"
    block_kb: int = 4


@dataclass(frozen=True)
class IoConvoy:
    """Pairs on one disk: the first is an IoSyncWrite, the second an IoRandRead that it delays."""

    disk: str = "disk0"
    block_kb: int = 4
    blocks: int = 16


DiskWork = IoSyncWrite | IoRandRead | IoConvoy
WorkType = CpuSpin | YieldHeavy | Mixed | Bursty | PipeIo | FutexPingPong | IoSync | DiskWork

# what one worker writes before it syncs, or reads at once, stays far below a disk and its memory
_MOST = {"block_kb": 1024, "blocks": 1024}


def group_size(work: WorkType) -> int:
    """Workers that only run together: 2 for the paired types, else 1."""
    return 2 if isinstance(work, PipeIo | FutexPingPong | IoConvoy) else 1


def hands_over(work: WorkType) -> bool:
    """Whether the two of a pair wake each other."""
    return isinstance(work, PipeIo | FutexPingPong)


def cpu_hungry(work: WorkType) -> bool:
    """Whether a worker always wants the CPU, so that its share of it can be called (un)fair."""
    return isinstance(work, CpuSpin | YieldHeavy | Mixed)


class Policy(StrEnum):
    """Scheduling policies of sched(7)."""

    NORMAL = "normal"
    BATCH = "batch"
    IDLE = "idle"
    FIFO = "fifo"
    RR = "rr"


@dataclass(frozen=True)
class Inherit:
    """No affinity of its own: what the cpuset allows."""


@dataclass(frozen=True)
class RandomSubset:
    """Half of the pool (at least 1 CPU), drawn per worker from the scenario's seed."""


@dataclass(frozen=True)
class LlcAligned:
    """The part of the pool in the LLC that overlaps it most (lowest index on a tie)."""


@dataclass(frozen=True)
class CrossCgroup:
    """All CPUs of the machine."""


@dataclass(frozen=True)
class SingleCpu:
    """The first CPU of the pool."""


@dataclass(frozen=True)
class ExactCpus:
    """These CPUs, cut down to the pool."""

    cpus: frozenset[int]


AffinityKind = Inherit | RandomSubset | LlcAligned | CrossCgroup | SingleCpu | ExactCpus


@dataclass(frozen=True)
class Work:
    """A group of like workers in one cgroup.

    `workers` is a multiple of the type's group size; None means the test's `workers_per_cgroup`.
    `rt_priority` (1 to 99) goes with FIFO and RR, `nice` (-20 to 19) with NORMAL and BATCH.
    """

    type: WorkType = CpuSpin()
    workers: int | None = None
    policy: Policy = Policy.NORMAL
    rt_priority: int = 0
    nice: int = 0
    affinity: AffinityKind = Inherit()

    def count(self, default: int) -> int:
        """Workers of this group, in a test with `default` workers per cgroup.

        Raises:
            UsageError: the count is below 1 or no multiple of the group size.
        """
        count = default if self.workers is None else self.workers
        name, size = type(self.type).__name__, group_size(self.type)
        if count < 1:
            raise UsageError(f"{name}: {count} workers; at least 1 is needed")
        if count % size:
            raise UsageError(f"{name}: {count} workers do not make whole groups of {size}")
        return count


def check_work(work: Work) -> None:
    """Refuses parameters the kernel or the worker would refuse.

    Raises:
        UsageError: naming the parameter, its value, and what is allowed.
    """
    name = type(work.type).__name__
    real_time = work.policy in (Policy.FIFO, Policy.RR)
    if real_time and not 1 <= work.rt_priority <= 99:
        raise UsageError(
            f"{name}: policy {work.policy.value} needs rt_priority 1 to 99, not {work.rt_priority}"
        )
    if not real_time and work.rt_priority:
        raise UsageError(f"{name}: rt_priority {work.rt_priority} goes with FIFO and RR only")
    if not -20 <= work.nice <= 19:
        raise UsageError(f"{name}: nice {work.nice} is not within -20 to 19")
    if work.nice and work.policy not in (Policy.NORMAL, Policy.BATCH):
        raise UsageError(f"{name}: nice {work.nice} has no effect with policy {work.policy.value}")
    for field in ("burst_us", "sleep_us", "spin", "block_kb", "blocks"):
        value = getattr(work.type, field, 1)
        if value < 1:
            raise UsageError(f"{name}: {field} is {value}; at least 1 is needed")
        if value > _MOST.get(field, value):
            raise UsageError(f"{name}: {field} is {value}; {_MOST[field]} is the most")
    if isinstance(work.affinity, ExactCpus) and not work.affinity.cpus:
        raise UsageError(f"{name}: ExactCpus() names no CPU ({format_cpulist(())!r})")


# kernel/sched/core.c sched_prio_to_weight[]: each nice step is about 1.25 times the weight
NICE_WEIGHTS = (
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
    9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
    1024, 820, 655, 526, 423, 335, 272, 215, 172, 137,
    110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
)  # fmt: skip
IDLE_WEIGHT = 3


def load_weight(policy: Policy, nice: int) -> int:
    """The fair-class load weight of a task; 0 for the real-time policies, which have none."""
    if policy is Policy.IDLE:
        return IDLE_WEIGHT
    if policy in (Policy.FIFO, Policy.RR):
        return 0
    return NICE_WEIGHTS[nice + 20]

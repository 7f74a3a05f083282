# SPDX-License-Identifier: Apache-2.0
"""Groups of workers: what they do, under which policy, where, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.parameters import Parameters, parameters
from ktstr.model.work import teams, types
from ktstr.model.work.kind import WorkType
from ktstr.model.work.mem_policy import MemPolicy, check_mem_policy
from ktstr.model.work.policy import REAL_TIME, WITH_NICE, Policy, Role
from ktstr.model.work.types import CpuSpin

# the names of all types, and of what they are made of, for whoever offers them
TYPE_NAMES = (*types.__all__, *teams.__all__)


class Mode(StrEnum):
    """Whether the workers of a group are processes, or the threads of one process."""

    PROCESS = "process"
    THREAD = "thread"


@parameters
class Deadline(Parameters):
    """SCHED_DEADLINE: `runtime_us` of CPU time within `deadline_us` of each `period_us`' start."""

    runtime_us: int
    deadline_us: int
    period_us: int


@parameters
class Inherit(Parameters):
    """No affinity of its own: what the cpuset allows."""


@parameters
class RandomSubset(Parameters):
    """Half of the pool (at least 1 CPU), drawn per worker from the scenario's seed."""


@parameters
class LlcAligned(Parameters):
    """The part of the pool in the LLC that overlaps it most (lowest index on a tie)."""


@parameters
class CrossCgroup(Parameters):
    """All CPUs of the machine."""


@parameters
class SingleCpu(Parameters):
    """The first CPU of the pool."""


@parameters
class ExactCpus(Parameters):
    """These CPUs, cut down to the pool."""

    cpus: frozenset[int]


@parameters
class SmtSiblingPair(Parameters):
    """Two workers each share a core of the pool, one on its first and one on its second thread."""


AffinityKind = (
    Inherit | RandomSubset | LlcAligned | CrossCgroup | SingleCpu | ExactCpus | SmtSiblingPair
)

_CPU_SPIN, _INHERIT, _DEFAULT = CpuSpin(), Inherit(), MemPolicy()
# kernel/sched/deadline.c: sysctl_sched_dl_period_min and _max, in us
_PERIODS_US = (100, 1 << 22)
_COMM_BYTES = 15
_IDS = 1 << 32


@dataclass(frozen=True)
class Work:
    """A group of like workers in one cgroup.

    `workers` is a multiple of the type's group size; None means the test's `workers_per_cgroup`.
    `workers_pct` says it in percent of the machine's CPUs, rounded up to whole groups.
    `rt_priority` (1 to 99) goes with FIFO and RR, `nice` (-20 to 19) with NORMAL, BATCH and EXT,
    `deadline` with DEADLINE.  `comm` is the name of the workers' processes or threads.
    """

    type: WorkType = _CPU_SPIN
    workers: int | None = None
    policy: Policy = Policy.NORMAL
    rt_priority: int = 0
    nice: int = 0
    affinity: AffinityKind = _INHERIT
    workers_pct: float | None = None
    deadline: Deadline | None = None
    mem_policy: MemPolicy = _DEFAULT
    mode: Mode = Mode.PROCESS
    comm: str = ""
    uid: int | None = None
    gid: int | None = None

    def count(self, default: int, cpus: int) -> int:
        """Workers of this group, in a test with `default` workers per cgroup on `cpus` CPUs.

        Raises:
            UsageError: the count is below 1 or no multiple of the group size.
        """
        name, size = type(self.type).__name__, self.type.group_size
        if self.workers_pct is not None:
            return max(1, -int(-cpus * self.workers_pct // (100 * size))) * size
        count = default if self.workers is None else self.workers
        if count < 1:
            raise UsageError(f"{name}: {count} workers; at least 1 is needed")
        if count % size:
            raise UsageError(f"{name}: {count} workers do not make whole groups of {size}")
        return count

    @property
    def placement(self) -> AffinityKind:
        """The affinity in force: without one of its own, a type may want SMT siblings."""
        if self.type.on_siblings and isinstance(self.affinity, Inherit):
            return SmtSiblingPair()
        return self.affinity

    def role(self, index: int) -> Role:
        """What worker `index` is: the work's own policy, unless its type deals out roles."""
        return self.type.role(Role(self.policy, self.rt_priority, self.nice), index)


def check_work(work: Work) -> None:
    """Refuses parameters the kernel or the worker would refuse.

    Raises:
        UsageError: naming the parameter, its value, and what is allowed.
    """
    name = type(work.type).__name__
    try:
        work.type.check()
        _check_policy(work)
        _check_deadline(work)
        _check_mode(work)
        _check_identity(work)
        work.type.check_with(work.policy, work.mem_policy)
        check_mem_policy(work.mem_policy)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from error
    pct = work.workers_pct
    if pct is not None and (work.workers is not None or not 0 < pct <= 10_000):
        raise UsageError(
            f"{name}: workers_pct {pct} goes without `workers`, above 0 and up to 10000"
        )
    if isinstance(work.affinity, ExactCpus) and not work.affinity.cpus:
        raise UsageError(f"{name}: ExactCpus() names no CPU ({format_cpulist(())!r})")


def _check_policy(work: Work) -> None:
    policy = work.policy.value
    if work.policy in REAL_TIME and not 1 <= work.rt_priority <= 99:
        raise UsageError(f"policy {policy} needs rt_priority 1 to 99, not {work.rt_priority}")
    if work.policy not in REAL_TIME and work.rt_priority:
        raise UsageError(f"rt_priority {work.rt_priority} goes with FIFO and RR only")
    if not -20 <= work.nice <= 19:
        raise UsageError(f"nice {work.nice} is not within -20 to 19")
    if work.nice and work.policy not in WITH_NICE:
        raise UsageError(f"nice {work.nice} has no effect with policy {policy}")


def _check_deadline(work: Work) -> None:
    deadline = work.deadline
    if (deadline is None) != (work.policy is not Policy.DEADLINE):
        raise UsageError(
            f"policy {work.policy.value} with deadline {deadline}: Policy.DEADLINE and a "
            f"Deadline(runtime_us, deadline_us, period_us) go together"
        )
    if deadline is None:
        return
    low, high = _PERIODS_US
    ordered = 2 <= deadline.runtime_us <= deadline.deadline_us <= deadline.period_us
    if not ordered or not low <= deadline.period_us <= high:
        raise UsageError(
            f"{deadline}: the kernel wants 2 <= runtime <= deadline <= period, and a period of "
            f"{low} to {high} us"
        )
    if not isinstance(work.placement, Inherit):
        raise UsageError("policy deadline goes with no affinity: the kernel refuses that")


def _check_mode(work: Work) -> None:
    if work.mode is Mode.THREAD and work.type.no_threads:
        raise UsageError(f"its workers cannot be threads: {work.type.no_threads}; use Mode.PROCESS")


def _check_identity(work: Work) -> None:
    comm = work.comm.encode()
    if len(comm) > _COMM_BYTES or not work.comm.isprintable():
        raise UsageError(f"comm {work.comm!r} is not of at most {_COMM_BYTES} printable bytes")
    for field in ("uid", "gid"):
        value = getattr(work, field)
        if value is not None and not 0 <= value < _IDS - 1:
            raise UsageError(f"{field} {value} is not within 0 to {_IDS - 2}")

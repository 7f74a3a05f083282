# SPDX-License-Identifier: Apache-2.0
"""Work types for teams of several workers that wake, wait for, or hinder each other.

Units are those of ktstr.model.work.types.  Each says how many make a group and which does what;
the first is number 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ktstr.model.errors import UsageError
from ktstr.model.parameters import Parameters, parameters
from ktstr.model.work.bounds import BlockKb, Blocks, Circle, Kb, Many, Spin, Team, Us
from ktstr.model.work.kind import DiskWork, Hungry, WorkType, work_type
from ktstr.model.work.policy import WITH_NICE, Policy, Role

if TYPE_CHECKING:
    from ktstr.model.work.mem_policy import MemPolicy

__all__ = [
    "AsymmetricWaker",
    "CachePipe",
    "CrossAffinityChurn",
    "EpollStorm",
    "FanOutCompute",
    "FutexFanOut",
    "FutexPingPong",
    "IoConvoy",
    "MutexContention",
    "PipeIo",
    "PreemptStorm",
    "PriorityInversion",
    "ProducerConsumerImbalance",
    "RtApp",
    "RtStarvation",
    "RtTask",
    "Schbench",
    "SignalStorm",
    "SmtSiblingSpin",
    "Taobench",
    "ThunderingHerd",
    "WakeChain",
]

# of PriorityInversion: who wants the lock has the work's nice, the spinner and the holder these
_INVERSION_NICES = (-20, 5, 19)


@work_type
class PipeIo(WorkType):
    """Pairs that hand one byte to and fro through pipes, spinning between."""

    spin: Spin = 1024

    members = 2
    by_pipes = True


@work_type
class FutexPingPong(WorkType):
    """Pairs that wake each other through one futex word, spinning between."""

    spin: Spin = 1024

    members = 2


@work_type
class IoConvoy(DiskWork):
    """Pairs on one disk: the first is an IoSyncWrite, the second an IoRandRead that it delays."""

    disk: str = "disk0"
    block_kb: BlockKb = 4
    blocks: Blocks = 16

    members = 2


@work_type
class CachePipe(WorkType):
    """PipeIo whose workers go through a buffer of `size_kb` of their own between, not only spin."""

    size_kb: Kb = 32
    spin: Spin = 1024

    members = 2
    by_pipes = True


@work_type
class CrossAffinityChurn(WorkType):
    """Pairs: each spins, then binds the other to a random CPU of those it may use."""

    spin: Spin = 1024

    members = 2


@work_type
class SmtSiblingSpin(WorkType):
    """Pairs that do arithmetic on the two threads of one core, and so slow each other down."""

    members = 2
    hungry = Hungry.ALL
    on_siblings = True


@work_type
class FutexFanOut(WorkType):
    """Number 0 spins, then wakes all `fan_out` others at once; each spins and waits again."""

    fan_out: Team = 4
    spin: Spin = 1024

    counted = ("fan_out",)
    hungry = Hungry.FIRST


@work_type
class FanOutCompute(WorkType):
    """Number 0 wakes `fan_out` others; each sleeps `sleep_us`, then multiplies matrices.

    The three matrices together take `footprint_kb`; they are multiplied `operations` times.
    """

    fan_out: Team = 4
    footprint_kb: Kb = 256
    operations: Many = 5
    sleep_us: Us = 100

    counted = ("fan_out",)
    hungry = Hungry.FIRST


@work_type
class MutexContention(WorkType):
    """`contenders` workers spin, take one lock, hold it for `hold` spins, and let it go."""

    contenders: Circle = 4
    hold: Spin = 256
    spin: Spin = 1024

    members, counted = 0, ("contenders",)


@work_type
class PriorityInversion(WorkType):
    """Number 2 (nice 19) holds a lock that number 0 wants, while number 1 (nice 5) only spins.

    With `inherit` it is a lock whose holder inherits the priority of who waits for it.
    """

    hold: Spin = 4096
    spin: Spin = 1024
    inherit: bool = False

    members = 3

    def role(self, own: Role, index: int) -> Role:
        return own._replace(nice=max(own.nice, _INVERSION_NICES[index % self.members]))

    def check_with(self, policy: Policy, mem_policy: MemPolicy) -> None:
        if policy not in WITH_NICE:
            raise UsageError(
                f"its workers differ by nice, which policy {policy.value} does not have"
            )


@work_type
class AsymmetricWaker(WorkType):
    """Pairs: the first spins, wakes the second and never waits; the second does little and waits.

    The first spins `spin`, the second `wakee_spin`.
    """

    spin: Spin = 4096
    wakee_spin: Spin = 256

    members = 2
    hungry = Hungry.FIRST


@work_type
class WakeChain(WorkType):
    """`depth` workers in a ring: each waits for the one before, spins, and wakes the next."""

    depth: Circle = 4
    spin: Spin = 256

    members, counted = 0, ("depth",)


@work_type
class EpollStorm(WorkType):
    """Number 0 posts events; `consumers` others wait for them in epoll, level-triggered.

    All who wait are woken, and each takes what is left.
    """

    consumers: Team = 4
    spin: Spin = 256

    counted = ("consumers",)
    hungry = Hungry.FIRST
    by_eventfd = True


@work_type
class ThunderingHerd(WorkType):
    """Number 0 gives out one token at a time and wakes all `waiters`; one gets it, all go on."""

    waiters: Team = 8
    spin: Spin = 1024

    counted = ("waiters",)
    hungry = Hungry.FIRST


@work_type
class ProducerConsumerImbalance(WorkType):
    """`producers` fill a queue of `queue` places, `consumers` empty it; who cannot go on waits."""

    producers: Team = 3
    consumers: Team = 1
    queue: Many = 16
    spin: Spin = 256

    members, counted = 0, ("producers", "consumers")


@work_type
class SignalStorm(WorkType):
    """Pairs that send each other a signal on every iteration, spinning between."""

    spin: Spin = 256

    members = 2
    hungry = Hungry.ALL


@work_type
class PreemptStorm(WorkType):
    """Number 0 (SCHED_FIFO 1) runs for `burst_us` every `sleep_us`; `spinners` others spin."""

    spinners: Team = 3
    burst_us: Us = 20
    sleep_us: Us = 200

    counted = ("spinners",)
    hungry = Hungry.OTHERS

    def role(self, own: Role, index: int) -> Role:
        return own if index % self.group_size else Role(Policy.FIFO, 1, 0)


@work_type
class RtStarvation(WorkType):
    """`hogs` spin as SCHED_FIFO `priority`, `victims` beside them with the work's own policy."""

    hogs: Team = 1
    victims: Team = 1
    priority: Annotated[int, (1, 97)] = 10

    members, counted = 0, ("hogs", "victims")
    hungry = Hungry.ALL

    def role(self, own: Role, index: int) -> Role:
        return Role(Policy.FIFO, self.priority, 0) if index % self.group_size < self.hogs else own


@work_type
class Schbench(WorkType):
    """As schbench: `threads` ask number 0 to be woken, sleep `sleep_us`, multiply matrices.

    Number 0 waits for them, and wakes each on its own.
    """

    threads: Team = 4
    footprint_kb: Kb = 256
    operations: Many = 5
    sleep_us: Us = 100

    counted = ("threads",)


@work_type
class Taobench(WorkType):
    """As a cache server: `fast` workers look up; `miss_pct` of it they hand to one of `slow`.

    A slow worker sleeps `slow_us` as for a database, fills the entry, and wakes who asked.
    """

    fast: Team = 3
    slow: Team = 1
    miss_pct: Annotated[int, (0, 100)] = 10
    slow_us: Us = 100
    table_kb: Kb = 1024

    members, counted = 0, ("fast", "slow")


@parameters
class RtCpus(Parameters):
    """CPUs that an rt-app workload asks for, and where in it."""

    where: str
    cpus: frozenset[int]


@parameters
class RtTask(Parameters):
    """A task of RtApp: its `program`, as ktstr/worker/types/rt_app.c has it, and what it is.

    name: as a task, at most 15 bytes.  cpus: empty for all.  deadline_us: runtime, deadline and
    period, with Policy.DEADLINE.  binds: all CPUs that it asks for, also later, and where.
    """

    name: str
    program: str
    policy: Policy = Policy.NORMAL
    rt_priority: int = 0
    nice: int = 0
    cpus: frozenset[int] = frozenset()
    deadline_us: tuple[int, ...] = ()
    binds: tuple[RtCpus, ...] = ()


@work_type
class RtApp(WorkType):
    """The tasks of an rt-app workload, which `ktstr.scenarios.rt_app` makes of its JSON.

    resources: how many mutexes, conditions, barriers and timers they share.  buffer_bytes: what
    `mem` and `iorun` write at a time at most.
    """

    tasks: tuple[RtTask, ...] = (RtTask("task", "task:0:-1,phase:1,run:100,sleep:1000"),)
    resources: Annotated[int, (0, 4096)] = 0
    buffer_bytes: Annotated[int, (1, 1 << 30)] = 4 << 20
    cumulative_slack: bool = False

    @property
    def group_size(self) -> int:
        return len(self.tasks)

    @property
    def shared_bytes(self) -> int:  # type: ignore[override]
        """A word, and the moment of a timer, for each resource."""
        return 16 * self.resources

    def role(self, own: Role, index: int) -> Role:
        task = self._task(index)
        nice = own.nice if task.policy in WITH_NICE else 0
        return Role(task.policy, task.rt_priority, task.nice or nice)

    def cpus_of(self, index: int) -> frozenset[int]:
        return self._task(index).cpus

    def binds(self, index: int) -> tuple[tuple[str, frozenset[int]], ...]:
        return tuple((each.where, each.cpus) for each in self._task(index).binds)

    def own_words(self, index: int) -> dict[str, str]:
        task = self._task(index)
        times = dict(
            zip(("runtime_us", "deadline_us", "period_us"), task.deadline_us, strict=False)
        )
        words = {name: f"{value}" for name, value in times.items()}
        return words | {"name": task.name, "param.program": task.program}

    def as_params(self) -> dict[str, int | str]:
        names = ("resources", "buffer_bytes", "cumulative_slack")
        return {name: int(getattr(self, name)) for name in names}

    def check(self) -> None:
        super().check()
        if not self.tasks:
            raise UsageError("it has no tasks")

    def _task(self, index: int) -> RtTask:
        return self.tasks[index % len(self.tasks)]

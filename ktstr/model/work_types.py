# SPDX-License-Identifier: Apache-2.0
"""What a worker does, over and over: the work types and their parameters.

Times end in `_us` (microseconds), sizes in `_kb` (KiB); `spin` counts loop iterations of a few
instructions.  Types for several workers say how many make a group and which does what; the first
is number 0.  ktstr/worker has a C file of the same name for each, which says what it measures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from enum import StrEnum
from typing import Any

from ktstr.model.errors import UsageError
from ktstr.model.parameters import Parameters, parameters
from ktstr.model.work_teams import (
    AsymmetricWaker,
    EpollStorm,
    FanOutCompute,
    FutexFanOut,
    MutexContention,
    PreemptStorm,
    PriorityInversion,
    ProducerConsumerImbalance,
    RtStarvation,
    Schbench,
    SignalStorm,
    Taobench,
    ThunderingHerd,
    WakeChain,
)


@parameters
class CpuSpin(Parameters):
    """Spins without ever blocking."""


@parameters
class YieldHeavy(Parameters):
    """Calls sched_yield on every iteration."""


@parameters
class Mixed(Parameters):
    """Spins, then yields, in turns."""


@parameters
class Bursty(Parameters):
    """Spins for `burst_us`, then sleeps for `sleep_us` (absolute deadlines)."""

    burst_us: int = 50_000
    sleep_us: int = 100_000


@parameters
class IdleChurn(Parameters):
    """Bursty at its shortest: CPUs go in and out of idle all the time."""

    burst_us: int = 20
    sleep_us: int = 100


@parameters
class PipeIo(Parameters):
    """Pairs that hand one byte to and fro through pipes, spinning between."""

    spin: int = 1024


@parameters
class FutexPingPong(Parameters):
    """Pairs that wake each other through one futex word, spinning between."""

    spin: int = 1024


@parameters
class IoSync(Parameters):
    """Writes 16 blocks of 4 KiB to a file of its own, then sleeps 100 us as a device would."""


@parameters
class IoSyncWrite(Parameters):
    """Writes `blocks` blocks of `block_kb` to a file of its own on `disk`, then syncs it."""

    disk: str = "disk0"
    block_kb: int = 4
    blocks: int = 16


@parameters
class IoRandRead(Parameters):
    """Reads a random block of `block_kb` of the device of `disk`, past the page cache."""

    disk: str = "disk0"
    block_kb: int = 4


@parameters
class IoConvoy(Parameters):
    """Pairs on one disk: the first is an IoSyncWrite, the second an IoRandRead that it delays."""

    disk: str = "disk0"
    block_kb: int = 4
    blocks: int = 16


@parameters
class CachePressure(Parameters):
    """Reads, changes and writes every `stride`-th byte of a buffer of its own, again and again."""

    size_kb: int = 32
    stride: int = 64


@parameters
class CacheYield(Parameters):
    """CachePressure that yields after each pass."""

    size_kb: int = 32
    stride: int = 64


@parameters
class CachePipe(Parameters):
    """PipeIo whose workers go through a buffer of `size_kb` of their own between, not only spin."""

    size_kb: int = 32
    spin: int = 1024


@parameters
class SpinFor(Parameters):
    """A phase of Sequence that spins."""

    us: int


@parameters
class SleepFor(Parameters):
    """A phase of Sequence that sleeps."""

    us: int


@parameters
class YieldFor(Parameters):
    """A phase of Sequence that yields again and again."""

    us: int


@parameters
class IoFor(Parameters):
    """A phase of Sequence that does as IoSync."""

    us: int


SequencePhase = SpinFor | SleepFor | YieldFor | IoFor


@parameters
class Sequence(Parameters):
    """Goes through its phases, over and over."""

    phases: tuple[SequencePhase, ...] = (SpinFor(1000), SleepFor(1000))


@parameters
class ForkExit(Parameters):
    """Makes a child that exits at once, and waits for it."""


@parameters
class NiceSweep(Parameters):
    """Spins at every nice value from the work's own to 19 in turn, yielding between."""


@parameters
class AffinityChurn(Parameters):
    """Spins, then binds itself to another random CPU of those it may use."""

    spin: int = 1024


@parameters
class CrossAffinityChurn(Parameters):
    """Pairs: each spins, then binds the other to a random CPU of those it may use."""

    spin: int = 1024


@parameters
class PolicyChurn(Parameters):
    """Spins under SCHED_OTHER, SCHED_BATCH and SCHED_IDLE in turn, yielding between."""

    spin: int = 1024


@parameters
class CgroupChurn(Parameters):
    """Spins, then moves between its cgroup and a sibling that it makes, with the same cpuset."""

    spin: int = 1024


@parameters
class PageFaultChurn(Parameters):
    """Touches `touches` random pages of a region, gives it back to the kernel, spins."""

    region_kb: int = 4096
    touches: int = 256
    spin: int = 64


@parameters
class NumaMigrationChurn(Parameters):
    """Has the kernel move its region to the next NUMA node, then goes through it."""

    region_kb: int = 1024


@parameters
class NumaWorkingSetSweep(Parameters):
    """Goes through a region on each NUMA node in turn: near and far memory."""

    region_kb: int = 1024


class Flavour(StrEnum):
    """Which units of a CPU AluHot keeps busy."""

    INTEGER = "integer"
    FLOAT = "float"
    VECTOR = "vector"


@parameters
class AluHot(Parameters):
    """Arithmetic in registers without a pause."""

    flavour: Flavour = Flavour.INTEGER


@parameters
class SmtSiblingSpin(Parameters):
    """Pairs that do arithmetic on the two threads of one core, and so slow each other down."""


@parameters
class IpcVariance(Parameters):
    """Turns of `phase_us`: arithmetic at many instructions per cycle, then dependent loads at few.

    The loads go through `size_kb` in random order.
    """

    phase_us: int = 1000
    size_kb: int = 4096


@parameters
class PythonWork(Parameters):
    """A function of the test's own source, at its top level, called with a `WorkContext`.

    It may be given as the function itself; what is kept is its name.
    """

    function: Callable[..., None] | str

    def __post_init__(self) -> None:
        if not isinstance(self.function, str):
            object.__setattr__(self, "function", _top_level(self.function))


@parameters
class CustomWork(Parameters):
    """A work type in C of the author's: the `ktstr_worker` target `name` of the test's `workers`.

    `params` are numbers that the C source asks for by name; `group` workers make one group.
    """

    name: str
    params: dict[str, int] = field(default_factory=dict)
    group: int = 1


def _top_level(function: Any) -> str:
    name = getattr(function, "__qualname__", repr(function))
    if not callable(function) or not name.isidentifier():
        raise UsageError(
            f"PythonWork: {name} is no function at the top level of a module; a worker's process "
            f"finds it by its name"
        )
    return name


DiskWork = IoSyncWrite | IoRandRead | IoConvoy
NumaWork = NumaMigrationChurn | NumaWorkingSetSweep
WorkType = (
    CpuSpin
    | YieldHeavy
    | Mixed
    | Bursty
    | IdleChurn
    | PipeIo
    | FutexPingPong
    | IoSync
    | DiskWork
    | CachePressure
    | CacheYield
    | CachePipe
    | FutexFanOut
    | FanOutCompute
    | Sequence
    | ForkExit
    | NiceSweep
    | AffinityChurn
    | CrossAffinityChurn
    | PolicyChurn
    | CgroupChurn
    | PageFaultChurn
    | NumaWork
    | MutexContention
    | PriorityInversion
    | AluHot
    | SmtSiblingSpin
    | IpcVariance
    | AsymmetricWaker
    | WakeChain
    | EpollStorm
    | ThunderingHerd
    | ProducerConsumerImbalance
    | SignalStorm
    | PreemptStorm
    | RtStarvation
    | Schbench
    | Taobench
    | PythonWork
    | CustomWork
)

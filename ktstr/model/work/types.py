# SPDX-License-Identifier: Apache-2.0
"""What a worker does, over and over: the work types and their parameters.

Times end in `_us` (microseconds), sizes in `_kb` (KiB); `spin` counts loop iterations of a few
instructions.  ktstr/worker/types has a C file of the same name for each, which says what it
measures.  `__all__` is what test files see of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from ktstr.model.errors import UsageError
from ktstr.model.parameters import Parameters, parameters
from ktstr.model.work.bounds import BlockKb, Blocks, Kb, Many, Spin, Team, Us, check_bounds
from ktstr.model.work.kind import DiskWork, Hungry, WorkType, work_type
from ktstr.model.work.policy import Policy

if TYPE_CHECKING:
    from ktstr.model.work.mem_policy import MemPolicy

__all__ = [
    "AffinityChurn",
    "AluHot",
    "Bursty",
    "CachePressure",
    "CacheYield",
    "CgroupChurn",
    "CpuSpin",
    "CustomWork",
    "Flavour",
    "ForkExit",
    "IdleChurn",
    "IoFor",
    "IoRandRead",
    "IoSync",
    "IoSyncWrite",
    "IpcVariance",
    "Mixed",
    "NiceSweep",
    "NumaMigrationChurn",
    "NumaWorkingSetSweep",
    "PageFaultChurn",
    "PolicyChurn",
    "PythonWork",
    "Sequence",
    "SleepFor",
    "SpinFor",
    "YieldFor",
    "YieldHeavy",
]

_MOST_PHASES = 16
_PAGE_KB = 4
_PARAM_LIMIT = 1 << 62


@work_type
class CpuSpin(WorkType):
    """Spins without ever blocking."""

    hungry = Hungry.ALL


@work_type
class YieldHeavy(WorkType):
    """Calls sched_yield on every iteration."""

    hungry = Hungry.ALL


@work_type
class Mixed(WorkType):
    """Spins, then yields, in turns."""

    hungry = Hungry.ALL


@work_type
class Bursty(WorkType):
    """Spins for `burst_us`, then sleeps for `sleep_us` (absolute deadlines)."""

    burst_us: Us = 50_000
    sleep_us: Us = 100_000


@work_type
class IdleChurn(WorkType):
    """Bursty at its shortest: CPUs go in and out of idle all the time."""

    burst_us: Us = 20
    sleep_us: Us = 100


@work_type
class IoSync(WorkType):
    """Writes 16 blocks of 4 KiB to a file of its own, then sleeps 100 us as a device would."""


@work_type
class IoSyncWrite(DiskWork):
    """Writes `blocks` blocks of `block_kb` to a file of its own on `disk`, then syncs it."""

    disk: str = "disk0"
    block_kb: BlockKb = 4
    blocks: Blocks = 16


@work_type
class IoRandRead(DiskWork):
    """Reads a random block of `block_kb` of the device of `disk`, past the page cache."""

    disk: str = "disk0"
    block_kb: BlockKb = 4

    writes = False


@work_type
class CachePressure(WorkType):
    """Reads, changes and writes every `stride`-th byte of a buffer of its own, again and again."""

    size_kb: Kb = 32
    stride: Annotated[int, (8, 1 << 20)] = 64

    hungry = Hungry.ALL

    def check(self) -> None:
        super().check()
        _check_stride(self.stride, self.size_kb)


@work_type
class CacheYield(WorkType):
    """CachePressure that yields after each pass."""

    size_kb: Kb = 32
    stride: Annotated[int, (8, 1 << 20)] = 64

    hungry = Hungry.ALL

    def check(self) -> None:
        super().check()
        _check_stride(self.stride, self.size_kb)


@parameters
class SpinFor(Parameters):
    """A phase of Sequence that spins."""

    us: Us


@parameters
class SleepFor(Parameters):
    """A phase of Sequence that sleeps."""

    us: Us


@parameters
class YieldFor(Parameters):
    """A phase of Sequence that yields again and again."""

    us: Us


@parameters
class IoFor(Parameters):
    """A phase of Sequence that does as IoSync."""

    us: Us


SequencePhase = SpinFor | SleepFor | YieldFor | IoFor


@work_type
class Sequence(WorkType):
    """Goes through its phases, over and over."""

    phases: tuple[SequencePhase, ...] = (SpinFor(1000), SleepFor(1000))

    def check(self) -> None:
        if not 1 <= len(self.phases) <= _MOST_PHASES:
            raise UsageError(f"{len(self.phases)} phases; 1 to {_MOST_PHASES} are possible")
        for phase in self.phases:
            check_bounds(phase)

    def as_params(self) -> dict[str, int | str]:
        return {"phases": ",".join(f"{type(each).__name__}:{each.us}" for each in self.phases)}


@work_type
class ForkExit(WorkType):
    """Makes a child that exits at once, and waits for it."""

    def check_with(self, policy: Policy, mem_policy: MemPolicy) -> None:
        if policy is Policy.DEADLINE:
            raise UsageError("policy deadline: such a task may not fork")


@work_type
class NiceSweep(WorkType):
    """Spins at every nice value from the work's own to 19 in turn, yielding between."""


@work_type
class AffinityChurn(WorkType):
    """Spins, then binds itself to another random CPU of those it may use."""

    spin: Spin = 1024


@work_type
class PolicyChurn(WorkType):
    """Spins under SCHED_OTHER, SCHED_BATCH and SCHED_IDLE in turn, yielding between."""

    spin: Spin = 1024


@work_type
class CgroupChurn(WorkType):
    """Spins, then moves between its cgroup and a sibling that it makes, with the same cpuset."""

    spin: Spin = 1024

    no_threads = "a cgroup takes whole processes"
    makes_cgroups = True


@work_type
class PageFaultChurn(WorkType):
    """Touches `touches` random pages of a region, gives it back to the kernel, spins."""

    region_kb: Kb = 4096
    touches: Many = 256
    spin: Spin = 64

    hungry = Hungry.ALL

    def check(self) -> None:
        super().check()
        if self.region_kb < _PAGE_KB:
            raise UsageError(f"region_kb is {self.region_kb}; a page has {_PAGE_KB}")


@work_type
class NumaMigrationChurn(WorkType):
    """Has the kernel move its region to the next NUMA node, then goes through it."""

    region_kb: Kb = 1024

    hungry = Hungry.ALL
    least_nodes = 2


@work_type
class NumaWorkingSetSweep(WorkType):
    """Goes through a region on each NUMA node in turn: near and far memory."""

    region_kb: Kb = 1024

    hungry = Hungry.ALL
    least_nodes = 2


class Flavour(StrEnum):
    """Which units of a CPU AluHot keeps busy."""

    INTEGER = "integer"
    FLOAT = "float"
    VECTOR = "vector"


@work_type
class AluHot(WorkType):
    """Arithmetic in registers without a pause."""

    flavour: Flavour = Flavour.INTEGER

    hungry = Hungry.ALL

    def as_params(self) -> dict[str, int | str]:
        return {"flavour": list(Flavour).index(self.flavour)}


@work_type
class IpcVariance(WorkType):
    """Turns of `phase_us`: arithmetic at many instructions per cycle, then dependent loads at few.

    The loads go through `size_kb` in random order.
    """

    phase_us: Us = 1000
    size_kb: Annotated[int, (_PAGE_KB, 1 << 20)] = 4096

    hungry = Hungry.ALL


@work_type
class PythonWork(WorkType):
    """A function of the test's own source, at its top level, called with a `WorkContext`.

    It may be given as the function itself; what is kept is its name.
    """

    function: Callable[..., None] | str

    no_threads = "Python's threads take turns"

    def __post_init__(self) -> None:
        if not isinstance(self.function, str):
            object.__setattr__(self, "function", _top_level(self.function))

    def check(self) -> None:
        if not str(self.function).isidentifier():
            raise UsageError(f"function {self.function!r} is no name of a function")

    def check_with(self, policy: Policy, mem_policy: MemPolicy) -> None:
        beyond = policy in (Policy.DEADLINE, Policy.EXT) or str(mem_policy) != "default"
        if beyond:
            raise UsageError("Python sets neither deadline, ext nor memory policies")

    def as_params(self) -> dict[str, int | str]:
        return {"function": str(self.function)}


@work_type
class CustomWork(WorkType):
    """A work type in C of the author's: the `ktstr_worker` target `name` of the test's `workers`.

    `params` are numbers that the C source asks for by name; `group` workers make one group.
    """

    name: str
    params: dict[str, int] = field(default_factory=dict)
    group: Team = 1

    members, counted = 0, ("group",)

    def check(self) -> None:
        super().check()
        for name, value in self.params.items():
            if not name.isidentifier() or abs(value) > _PARAM_LIMIT:
                raise UsageError(
                    f"parameter {name!r} of {value!r}: a name and a whole number are due"
                )
        if not self.name:
            raise UsageError("it has no name; give the ktstr_worker target's")

    def as_params(self) -> dict[str, int | str]:
        return dict(self.params)


def _top_level(function: Any) -> str:
    name = getattr(function, "__qualname__", repr(function))
    if not callable(function) or not name.isidentifier():
        raise UsageError(
            f"PythonWork: {name} is no function at the top level of a module; a worker's process "
            f"finds it by its name"
        )
    return name


def _check_stride(stride: int, size_kb: int) -> None:
    if stride > size_kb * 1024:
        raise UsageError(f"stride is {stride}, more than the {size_kb} KiB it goes through")

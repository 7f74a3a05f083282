# SPDX-License-Identifier: Apache-2.0
"""Scenarios: cgroups with workers, changed in steps, each step held for a while."""

from __future__ import annotations

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpuset import CpusetSpec
from ktstr.model.parameters import Parameters, parameters
from ktstr.model.payload import MetricCheck
from ktstr.model.scenario.conditions import Condition, OnTimeout
from ktstr.model.scenario.inside import InsideOp
from ktstr.model.scenario.limits import NO_LIMITS, Limits
from ktstr.model.scenario.relative import Comparison
from ktstr.model.verdict.checks import Checks
from ktstr.model.work.work import AffinityKind, Work

TOTAL = "total"


@parameters
class CgroupDef(Parameters):
    """A cgroup with its cpuset, its groups of workers and its limits.

    `name` may hold '/' for nesting; the parents must exist or come first.  Without `works` it gets
    one default `Work()`; `works=None` makes it empty.

    Raises:
        UsageError: the name is one that results have for something else.
    """

    name: str = "cg_0"
    cpuset: CpusetSpec | None = None
    works: tuple[Work, ...] | None = (Work(),)
    limits: Limits = NO_LIMITS

    def __post_init__(self) -> None:
        check_reserved(self.name)


def check_reserved(name: str) -> None:
    """Refuses the name of a cgroup that figures of results have for something else.

    Raises:
        UsageError: it is `total`.
    """
    if name == TOTAL:
        raise UsageError(
            f"cgroup name {TOTAL!r}: figures of all workers together go by that name "
            f"({TOTAL}.iterations); choose another"
        )


@parameters
class Frac(Parameters):
    """Holds for this fraction of the test's duration."""

    fraction: float


@parameters
class Fixed(Parameters):
    """Holds for this many seconds."""

    seconds: float


@parameters
class Loop(Parameters):
    """Applies the step's ops every `interval` seconds until the test's duration has passed."""

    interval: float


@parameters
class Until(Parameters):
    """Holds until `condition` is met, for at most `timeout` seconds."""

    condition: Condition
    timeout: float
    on_timeout: OnTimeout = OnTimeout.INCONCLUSIVE


HoldSpec = Frac | Fixed | Loop | Until
FULL = Frac(1.0)
"""Holds a step for all of the test's duration."""


@parameters
class AddCgroup(Parameters):
    """Creates an empty cgroup."""

    name: str


@parameters
class AddCgroupDef(Parameters):
    """Creates a cgroup with its cpuset, limits and workers, which begin at once."""

    cgroup: CgroupDef


@parameters
class RemoveCgroup(Parameters):
    """Stops a cgroup's workers, keeps their reports, and removes it."""

    name: str


@parameters
class SetCpuset(Parameters):
    """Gives a cgroup a cpuset."""

    cgroup: str
    spec: CpusetSpec


@parameters
class ClearCpuset(Parameters):
    """Takes a cgroup's cpuset away."""

    cgroup: str


@parameters
class SwapCpusets(Parameters):
    """Exchanges the cpusets of two cgroups; none against one clears the other."""

    a: str
    b: str


@parameters
class SetLimits(Parameters):
    """Changes a cgroup's limits: those that `limits` sets, the others stay."""

    cgroup: str
    limits: Limits


@parameters
class Freeze(Parameters):
    """Stops a cgroup and those below it where they are, until a Thaw or their end."""

    cgroup: str


@parameters
class Thaw(Parameters):
    """Lets a frozen cgroup go on."""

    cgroup: str


@parameters
class Spawn(Parameters):
    """Adds a group of workers to a cgroup."""

    cgroup: str
    work: Work


@parameters
class SpawnHost(Parameters):
    """Adds a group of workers outside the managed cgroups, beside the agent."""

    work: Work


@parameters
class StopCgroup(Parameters):
    """Stops a cgroup's workers and keeps their reports; the cgroup stays."""

    name: str


@parameters
class SetAffinity(Parameters):
    """Changes the affinity of a cgroup's workers, resolved against its cpuset of now."""

    cgroup: str
    affinity: AffinityKind


@parameters
class MoveAllTasks(Parameters):
    """Moves all workers from one cgroup to another, which they belong to from then on."""

    source: str
    target: str


@parameters
class SetKnob(Parameters):
    """Sets a global variable of the scheduler while it runs (loader protocol)."""

    name: str
    value: int


@parameters
class OfflineCpu(Parameters):
    """Takes a CPU away, as `echo 0 >/sys/devices/system/cpu/cpuN/online` does.

    It comes back by an OnlineCpu, or at the end of the step (of the scenario, if the Backdrop took
    it).
    """

    cpu: int


@parameters
class OnlineCpu(Parameters):
    """Brings a CPU back that was taken away."""

    cpu: int


@parameters
class RunPayload(Parameters):
    """Starts a payload of the target in the background, in a cgroup or beside the agent.

    `args` and `checks` come after the payload's own, or instead of them (`clear_*`).  It lives to
    its own end, its `timeout` (guest seconds), a WaitPayload or KillPayload, or to the end of the
    step (of the scenario, if the Backdrop starts it).
    """

    payload: str
    args: tuple[str, ...] = ()
    checks: tuple[MetricCheck, ...] = ()
    cgroup: str | None = None
    timeout: float | None = None
    clear_args: bool = False
    clear_checks: bool = False


@parameters
class WaitPayload(Parameters):
    """Waits until a payload has ended, for at most `timeout` guest seconds; then it is killed.

    Without `cgroup` it is the one that runs in no cgroup, else the only one of that name.
    """

    payload: str
    cgroup: str | None = None
    timeout: float = 60.0


@parameters
class KillPayload(Parameters):
    """Kills a payload with its process group; what it printed still counts."""

    payload: str
    cgroup: str | None = None


@parameters
class CaptureProcs(Parameters):
    """Puts the processes of a cgroup and those below it into an event `procs` of the result."""

    cgroup: str


@parameters
class WaitFor(Parameters):
    """Waits until `condition` is met, for at most `timeout` guest seconds."""

    condition: Condition
    timeout: float
    on_timeout: OnTimeout = OnTimeout.INCONCLUSIVE


@parameters
class AttachScheduler(Parameters):
    """Starts a scheduler while none is attached: the target's own, or a staged one by name."""

    name: str = ""


@parameters
class DetachScheduler(Parameters):
    """Tells the attached scheduler to go; from then on the kernel's own runs."""


@parameters
class RestartScheduler(Parameters):
    """Tells the attached scheduler to go, and starts it again."""


@parameters
class ReplaceScheduler(Parameters):
    """Tells the attached scheduler to go, and starts another: see AttachScheduler."""

    name: str = ""


CpuOp = OfflineCpu | OnlineCpu
SchedulerOp = AttachScheduler | DetachScheduler | RestartScheduler | ReplaceScheduler
Op = (
    AddCgroup
    | AddCgroupDef
    | RemoveCgroup
    | SetCpuset
    | ClearCpuset
    | SwapCpusets
    | SetLimits
    | Freeze
    | Thaw
    | Spawn
    | SpawnHost
    | StopCgroup
    | SetAffinity
    | MoveAllTasks
    | SetKnob
    | RunPayload
    | WaitPayload
    | KillPayload
    | CaptureProcs
    | WaitFor
    | CpuOp
    | SchedulerOp
    | InsideOp
)


@parameters
class Step(Parameters):
    """`ops`, then the cgroups of `setup`, then `hold`; what the step made is torn down after it.

    `name` is the phase's in the result; `checks` go over the test's for this step.
    """

    setup: tuple[CgroupDef, ...] = ()
    ops: tuple[Op, ...] = ()
    hold: HoldSpec = FULL
    name: str = ""
    checks: Checks | None = None


@parameters
class Backdrop(Parameters):
    """Cgroups and ops that live for the whole scenario."""

    cgroups: tuple[CgroupDef, ...] = ()
    ops: tuple[Op, ...] = ()


@parameters
class Scenario(Parameters):
    """A backdrop and the steps played over it; `compared` says how they are to be compared."""

    steps: tuple[Step, ...]
    backdrop: Backdrop = Backdrop()
    compared: Comparison | None = None


def defs(*cgroups: CgroupDef, hold: HoldSpec = FULL) -> Scenario:
    """The simplest scenario: one step with these cgroups."""
    return Scenario(steps=(Step(setup=cgroups, hold=hold),))

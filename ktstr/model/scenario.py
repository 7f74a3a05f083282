# SPDX-License-Identifier: Apache-2.0
"""Scenarios: cgroups with workers, changed in steps, each step held for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ktstr.model.checks import Checks
from ktstr.model.conditions import Condition, OnTimeout
from ktstr.model.cpuset import CpusetSpec
from ktstr.model.errors import UsageError
from ktstr.model.limits import NO_LIMITS, Limits
from ktstr.model.payload import MetricCheck
from ktstr.model.relative import Comparison
from ktstr.model.work import AffinityKind, Work


@dataclass(frozen=True)
class CgroupDef:
    """A cgroup with its cpuset, its groups of workers and its limits.

    `name` may hold '/' for nesting; the parents must exist or come first.  Without `works` it gets
    one default `Work()`; `works=None` makes it empty.
    """

    name: str = "cg_0"
    cpuset: CpusetSpec | None = None
    works: tuple[Work, ...] | None = (Work(),)
    limits: Limits = NO_LIMITS


@dataclass(frozen=True)
class Frac:
    """Holds for this fraction of the test's duration."""

    fraction: float


@dataclass(frozen=True)
class Fixed:
    """Holds for this many seconds."""

    seconds: float


@dataclass(frozen=True)
class Loop:
    """Applies the step's ops every `interval` seconds until the test's duration has passed."""

    interval: float


@dataclass(frozen=True)
class Until:
    """Holds until `condition` is met, for at most `timeout` seconds."""

    condition: Condition
    timeout: float
    on_timeout: OnTimeout = OnTimeout.INCONCLUSIVE


HoldSpec = Frac | Fixed | Loop | Until
FULL = Frac(1.0)


@dataclass(frozen=True)
class AddCgroup:
    """Creates an empty cgroup."""

    name: str


@dataclass(frozen=True)
class AddCgroupDef:
    """Creates a cgroup with its cpuset, limits and workers, which begin at once."""

    cgroup: CgroupDef


@dataclass(frozen=True)
class RemoveCgroup:
    """Stops a cgroup's workers, keeps their reports, and removes it."""

    name: str


@dataclass(frozen=True)
class SetCpuset:
    """Gives a cgroup a cpuset."""

    cgroup: str
    spec: CpusetSpec


@dataclass(frozen=True)
class ClearCpuset:
    """Takes a cgroup's cpuset away."""

    cgroup: str


@dataclass(frozen=True)
class SwapCpusets:
    """Exchanges the cpusets of two cgroups; none against one clears the other."""

    a: str
    b: str


@dataclass(frozen=True)
class SetLimits:
    """Changes a cgroup's limits: those that `limits` sets, the others stay."""

    cgroup: str
    limits: Limits


@dataclass(frozen=True)
class Freeze:
    """Stops a cgroup and those below it where they are, until a Thaw or their end."""

    cgroup: str


@dataclass(frozen=True)
class Thaw:
    """Lets a frozen cgroup go on."""

    cgroup: str


@dataclass(frozen=True)
class Spawn:
    """Adds a group of workers to a cgroup."""

    cgroup: str
    work: Work


@dataclass(frozen=True)
class SpawnHost:
    """Adds a group of workers outside the managed cgroups, beside the agent."""

    work: Work


@dataclass(frozen=True)
class StopCgroup:
    """Stops a cgroup's workers and keeps their reports; the cgroup stays."""

    name: str


@dataclass(frozen=True)
class SetAffinity:
    """Changes the affinity of a cgroup's workers, resolved against its cpuset of now."""

    cgroup: str
    affinity: AffinityKind


@dataclass(frozen=True)
class MoveAllTasks:
    """Moves all workers from one cgroup to another, which they belong to from then on."""

    source: str
    target: str


@dataclass(frozen=True)
class SetKnob:
    """Sets a global variable of the scheduler while it runs (loader protocol)."""

    name: str
    value: int


@dataclass(frozen=True)
class RunPayload:
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


@dataclass(frozen=True)
class WaitPayload:
    """Waits until a payload has ended, for at most `timeout` guest seconds; then it is killed.

    Without `cgroup` it is the one that runs in no cgroup, else the only one of that name.
    """

    payload: str
    cgroup: str | None = None
    timeout: float = 60.0


@dataclass(frozen=True)
class KillPayload:
    """Kills a payload with its process group; what it printed still counts."""

    payload: str
    cgroup: str | None = None


@dataclass(frozen=True)
class CaptureProcs:
    """Puts the processes of a cgroup and those below it into an event `procs` of the result."""

    cgroup: str


@dataclass(frozen=True)
class WaitFor:
    """Waits until `condition` is met, for at most `timeout` guest seconds."""

    condition: Condition
    timeout: float
    on_timeout: OnTimeout = OnTimeout.INCONCLUSIVE


@dataclass(frozen=True)
class AttachScheduler:
    """Starts a scheduler while none is attached: the target's own, or a staged one by name."""

    name: str = ""


@dataclass(frozen=True)
class DetachScheduler:
    """Tells the attached scheduler to go; from then on the kernel's own runs."""


@dataclass(frozen=True)
class RestartScheduler:
    """Tells the attached scheduler to go, and starts it again."""


@dataclass(frozen=True)
class ReplaceScheduler:
    """Tells the attached scheduler to go, and starts another: see AttachScheduler."""

    name: str = ""


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
    | SchedulerOp
)


@dataclass(frozen=True)
class Step:
    """`ops`, then the cgroups of `setup`, then `hold`; what the step made is torn down after it.

    `name` is the phase's in the result; `checks` go over the test's for this step.
    """

    setup: tuple[CgroupDef, ...] = ()
    ops: tuple[Op, ...] = ()
    hold: HoldSpec = FULL
    name: str = ""
    checks: Checks | None = None


@dataclass(frozen=True)
class Backdrop:
    """Cgroups and ops that live for the whole scenario."""

    cgroups: tuple[CgroupDef, ...] = ()
    ops: tuple[Op, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """A backdrop and the steps played over it; `compared` says how they are to be compared."""

    steps: tuple[Step, ...]
    backdrop: Backdrop = Backdrop()
    compared: Comparison | None = None


Part = CgroupDef | Step | Scenario


def defs(*cgroups: CgroupDef, hold: HoldSpec = FULL) -> Scenario:
    """The simplest scenario: one step with these cgroups."""
    return Scenario(steps=(Step(setup=cgroups, hold=hold),))


def scenario_of(
    parts: tuple[Part, ...],
    backdrop: Backdrop | None = None,
    hold: HoldSpec | None = None,
    checks: Checks | None = None,
) -> Scenario:
    """One scenario of what `Context.run` was given: cgroups for one step, steps, or a scenario.

    `hold` is that of cgroups; `checks` go under those of each step.

    Raises:
        UsageError: the parts do not go together, or there is none.
    """
    if len(parts) == 1 and isinstance(parts[0], Scenario):
        if parts[0].compared is not None:
            raise UsageError("a comparison is judged on the host: return it from a @scenario")
        steps, below = parts[0].steps, parts[0].backdrop
        if backdrop is not None and below != Backdrop():
            raise UsageError("run() was given a backdrop, and the Scenario has one of its own")
    elif parts and all(isinstance(part, CgroupDef) for part in parts):
        cgroups = tuple(part for part in parts if isinstance(part, CgroupDef))
        steps, below = (Step(setup=cgroups, hold=hold or FULL),), Backdrop()
        hold = None
    elif parts and all(isinstance(part, Step) for part in parts):
        steps, below = tuple(part for part in parts if isinstance(part, Step)), Backdrop()
    else:
        given = ", ".join(type(part).__name__ for part in parts) or "nothing"
        raise UsageError(f"run() takes CgroupDefs, or Steps, or one Scenario; it was given {given}")
    if hold is not None:
        raise UsageError(f"run() was given {hold}, and every Step has a hold of its own")
    if checks is not None:
        steps = tuple(replace(step, checks=_over(checks, step.checks)) for step in steps)
    return Scenario(steps, below if backdrop is None else backdrop)


def _over(below: Checks, checks: Checks | None) -> Checks:
    return below if checks is None else below.merge(checks)

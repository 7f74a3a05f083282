# SPDX-License-Identifier: Apache-2.0
"""What each op of a scenario does to the population (spec 2.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpuset import resolve_cpuset
from ktstr.model.scenario.inside import SetKernel, SetMap, Snapshot
from ktstr.model.scenario.scenario import (
    AddCgroup,
    AddCgroupDef,
    AttachScheduler,
    CaptureProcs,
    ClearCpuset,
    DetachScheduler,
    Freeze,
    KillPayload,
    MoveAllTasks,
    OfflineCpu,
    OnlineCpu,
    Op,
    RemoveCgroup,
    ReplaceScheduler,
    RestartScheduler,
    RunPayload,
    SetAffinity,
    SetCpuset,
    SetKnob,
    SetLimits,
    Spawn,
    SpawnHost,
    StopCgroup,
    SwapCpusets,
    Thaw,
    WaitPayload,
)
from ktstr.model.wire.events import EventName

if TYPE_CHECKING:
    from ktstr.guest.payload.background import Background
    from ktstr.guest.scenario.inside import Inside
    from ktstr.guest.scenario.population import Population
    from ktstr.guest.scenario.timeline import Timeline
    from ktstr.guest.scheduler.subject import Subject
    from ktstr.guest.system.hotplug import Hotplug
    from ktstr.model.machine.topology import TopologyView


@dataclass(frozen=True)
class Players:
    """Whom ops act on.  `payloads` is None where the target has none; `stop` ends their waits.

    inside: whom to ask about the state of kernel and scheduler; few do, and the first pays for it.
    """

    people: Population
    view: TopologyView
    subject: Subject
    payloads: Background | None
    timeline: Timeline
    stop: Callable[[], bool]
    hotplug: Hotplug
    inside: Callable[[], Inside]


def apply_op(op: Op, step: int | None, players: Players) -> None:
    """Carries out one op on behalf of `step` (None: the backdrop).

    Raises:
        UsageError: it names what does not exist, or cannot be resolved on this machine.
        InfraError: the kernel refuses, or nobody can look inside.
    """
    people, view = players.people, players.view
    match op:
        case RunPayload() | WaitPayload() | KillPayload():
            _apply_payload_op(op, step, players)
        case AddCgroup(name):
            people.add(name, step)
        case AddCgroupDef(definition):
            people.define(definition, step)
            people.start(step)
        case RemoveCgroup(name):
            people.remove(name)
        case StopCgroup(name):
            people.stop(name)
        case SetCpuset(cgroup, spec):
            people.set_cpuset(cgroup, resolve_cpuset(spec, view))
        case ClearCpuset(cgroup):
            people.set_cpuset(cgroup, None)
        case SwapCpusets(a, b):
            people.swap_cpusets(a, b)
        case SetLimits(cgroup, limits):
            people.set_limits(cgroup, limits)
        case Freeze(cgroup):
            people.freeze(cgroup)
        case Thaw(cgroup):
            people.thaw(cgroup)
        case CaptureProcs(cgroup):
            players.timeline.event(EventName.PROCS, step, f"{cgroup}: {people.processes(cgroup)}")
        case Spawn(cgroup, work):
            people.spawn(cgroup, work, step).start()
        case SpawnHost(work):
            people.spawn(None, work, step).start()
        case SetAffinity(cgroup, affinity):
            people.bind(cgroup, affinity)
        case MoveAllTasks(source, target):
            people.move(source, target)
        case OfflineCpu(cpu):
            players.hotplug.take(cpu, step)
        case OnlineCpu(cpu):
            players.hotplug.bring(cpu)
        case SetKnob(name, value):
            players.subject.set_knob(name, value)
        case AttachScheduler(name):
            players.subject.attach(name)
        case DetachScheduler():
            players.subject.detach()
        case RestartScheduler():
            players.subject.restart()
        case ReplaceScheduler(name):
            players.subject.replace(name)
        case Snapshot() | SetKernel() | SetMap():
            players.inside().apply(op, step)


def _apply_payload_op(
    op: RunPayload | WaitPayload | KillPayload, step: int | None, players: Players
) -> None:
    payloads = players.payloads
    if payloads is None:
        raise UsageError(f"payload {op.payload!r}: this target has no payloads")
    match op:
        case RunPayload():
            payloads.run(op, step)
        case WaitPayload():
            payloads.wait(op, players.stop)
        case KillPayload():
            payloads.kill(op)

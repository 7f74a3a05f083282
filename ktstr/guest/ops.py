# SPDX-License-Identifier: Apache-2.0
"""What each op of a scenario does to the population (spec 2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr.model.cpuset import resolve_cpuset
from ktstr.model.scenario import (
    AddCgroup,
    ClearCpuset,
    MoveAllTasks,
    Op,
    RemoveCgroup,
    SetAffinity,
    SetCpuset,
    SetKnob,
    Spawn,
    SpawnHost,
    StopCgroup,
    SwapCpusets,
)

if TYPE_CHECKING:
    from ktstr.guest.engine import Subject
    from ktstr.guest.population import Population
    from ktstr.model.topology import TopologyView


def apply_op(
    op: Op, step: int | None, people: Population, view: TopologyView, subject: Subject
) -> None:
    """Carries out one op on behalf of `step` (None: the backdrop).

    Raises:
        UsageError: it names what does not exist, or cannot be resolved on `view`.
        InfraError: the kernel refuses.
    """
    match op:
        case AddCgroup(name):
            people.add(name, step)
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
        case Spawn(cgroup, work):
            people.spawn(cgroup, work, step).start()
        case SpawnHost(work):
            people.spawn(None, work, step).start()
        case SetAffinity(cgroup, affinity):
            people.bind(cgroup, affinity)
        case MoveAllTasks(source, target):
            people.move(source, target)
        case SetKnob(name, value):
            subject.set_knob(name, value)

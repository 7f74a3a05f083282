# SPDX-License-Identifier: Apache-2.0
"""What a scenario says, whatever the step that says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.model.scenario.scenario import AddCgroup, AddCgroupDef, CgroupDef, Op, Scenario


@dataclass(frozen=True)
class ScenarioPart:
    """Cgroups and ops of the backdrop, or of one step."""

    cgroups: tuple[CgroupDef, ...]
    ops: tuple[Op, ...]


def parts_of(scenario: Scenario) -> list[ScenarioPart]:
    """The backdrop, and the steps in their order."""
    backdrop = ScenarioPart(scenario.backdrop.cgroups, scenario.backdrop.ops)
    return [backdrop, *(ScenarioPart(step.setup, step.ops) for step in scenario.steps)]


def ops_of(scenario: Scenario) -> Iterator[Op]:
    """All ops, each once, however often a Loop applies it."""
    return (op for part in parts_of(scenario) for op in part.ops)


def made_by(part: ScenarioPart) -> Iterator[CgroupDef]:
    """The cgroups that it makes; one that is made empty has works=None."""
    yield from part.cgroups
    for op in part.ops:
        if isinstance(op, AddCgroup):
            yield CgroupDef(op.name, works=None)
        elif isinstance(op, AddCgroupDef):
            yield op.cgroup


def made_in(scenario: Scenario) -> Iterator[CgroupDef]:
    """The cgroups that a scenario makes, by parts or by ops, those of its backdrop first."""
    return (cgroup for part in parts_of(scenario) for cgroup in made_by(part))

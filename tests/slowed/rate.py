# SPDX-License-Identifier: Apache-2.0
"""How fast two tasks wake each other on one CPU, each time through the scheduler's queue."""

from ktstr import CgroupDef, PipeIo, Scenario, TopologyView, Work, defs, scenario


@scenario()
def pair(machine: TopologyView) -> Scenario:
    """Two tasks and two pipes."""
    return defs(CgroupDef("pair", works=(Work(PipeIo(), workers=2),)))

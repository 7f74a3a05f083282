# SPDX-License-Identifier: Apache-2.0
"""A guest to look into from outside, for as long as that takes."""

from ktstr import CgroupDef, CpuSpin, Scenario, TopologyView, Work, defs, scenario


@scenario(duration=3.0)
def busy(machine: TopologyView) -> Scenario:
    """More workers than CPUs, so that tasks wait in the scheduler's queue."""
    return defs(CgroupDef("cg", works=(Work(CpuSpin(), workers=2 * len(machine.cpus)),)))

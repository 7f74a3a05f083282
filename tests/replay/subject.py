# SPDX-License-Identifier: Apache-2.0
"""Five seconds of a guest with more workers than CPUs."""

from ktstr import CgroupDef, CpuSpin, Scenario, TopologyView, Work, defs, scenario


@scenario(duration=5.0)
def busy(machine: TopologyView) -> Scenario:
    """Twice as many spinners as CPUs."""
    return defs(CgroupDef("cg", works=(Work(CpuSpin(), workers=2 * len(machine.cpus)),)))

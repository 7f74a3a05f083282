# SPDX-License-Identifier: Apache-2.0
"""Weights: heavier tasks get more, for schedulers that know nice levels."""

from ktstr import CgroupDef, Checks, CpuSpin, Scenario, TopologyView, Work, defs, scenario


@scenario(duration=2.0, checks=Checks(max_spread_pct=15))
def nice_levels(machine: TopologyView) -> Scenario:
    """Twice as many workers as CPUs, half of them nicer: shares must follow the load weights."""
    cpus = len(machine.cpus)
    works = (Work(CpuSpin(), workers=cpus), Work(CpuSpin(), workers=cpus, nice=5))
    return defs(CgroupDef("cg_0", works=works))

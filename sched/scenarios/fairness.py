# SPDX-License-Identifier: Apache-2.0
"""Fairness: equal tasks get equal shares, and heavier tasks get more."""

from ktstr import CgroupDef, Checks, CpuSpin, Scenario, TopologyView, Work, defs, scenario


@scenario(duration=2.0, checks=Checks(max_spread_pct=15))
def equal_shares(machine: TopologyView) -> Scenario:
    """Three spinning workers for two CPUs' worth of room: each gets the same share."""
    work = Work(CpuSpin(), workers=len(machine.cpus) + 1)
    return defs(CgroupDef("cg_0", works=(work,)))


@scenario(duration=2.0, checks=Checks(max_spread_pct=15))
def nice_levels(machine: TopologyView) -> Scenario:
    """Twice as many workers as CPUs, half of them nicer: shares must follow the load weights."""
    cpus = len(machine.cpus)
    works = (Work(CpuSpin(), workers=cpus), Work(CpuSpin(), workers=cpus, nice=5))
    return defs(CgroupDef("cg_0", works=works))

# SPDX-License-Identifier: Apache-2.0
"""Fairness: equal tasks get equal shares."""

from ktstr import CgroupDef, Checks, CpuSpin, Scenario, TopologyView, Work, defs, scenario


@scenario(duration=2.0, checks=Checks(max_spread_pct=15))
def equal_shares(machine: TopologyView) -> Scenario:
    """Three spinning workers for two CPUs' worth of room: each gets the same share."""
    work = Work(CpuSpin(), workers=len(machine.cpus) + 1)
    return defs(CgroupDef("cg_0", works=(work,)))

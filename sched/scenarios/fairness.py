# SPDX-License-Identifier: Apache-2.0
"""Fairness: equal tasks get equal shares."""

from ktstr import CgroupDef, Checks, CpuSpin, Scenario, TopologyView, Work, defs, scenario


@scenario(duration=5.0, checks=Checks(max_spread_pct=25))
def equal_shares(machine: TopologyView) -> Scenario:
    """One spinning worker more than there are CPUs: each gets the same share.

    Two that had to share a CPU all the time would show a spread of 50%. EEVDF moves tasks between
    two NUMA nodes so seldom that it left 39% after 2 s; after 5 s it was 14%.
    """
    work = Work(CpuSpin(), workers=len(machine.cpus) + 1)
    return defs(CgroupDef("cg_0", works=(work,)))

# SPDX-License-Identifier: Apache-2.0
"""Spinners on all CPUs share them evenly."""

from ktstr import CgroupDef, Checks, CpuSpin, Scenario, TopologyView, Work, defs, scenario


@scenario(duration=0.5, checks=Checks(max_spread_pct=30, max_gap_ms=500))
def spinners(machine: TopologyView) -> Scenario:
    """Two for each CPU."""
    return defs(CgroupDef("spinners", works=(Work(CpuSpin(), workers=2 * len(machine.cpus)),)))

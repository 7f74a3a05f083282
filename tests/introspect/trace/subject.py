# SPDX-License-Identifier: Apache-2.0
"""A guest to trace: more tasks than CPUs, that spin and sleep in turns."""

from ktstr import Bursty, CgroupDef, Scenario, TopologyView, Work, defs, scenario


@scenario(duration=0.3)
def short(machine: TopologyView) -> Scenario:
    """Twice as many bursty workers as the two CPUs."""
    bursty = Work(Bursty(burst_us=3_000, sleep_us=1_000), workers=4)
    return defs(CgroupDef("busy", works=(bursty,)))

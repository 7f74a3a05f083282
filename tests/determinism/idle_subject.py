# SPDX-License-Identifier: Apache-2.0
"""Fewer tasks than CPUs, which mostly sleep: again and again all CPUs are idle, and time jumps."""

from ktstr import Bursty, CgroupDef, Frac, Scenario, Step, TopologyView, Work, scenario

_WORKS = (
    Work(Bursty(burst_us=150, sleep_us=1_300), workers=1),
    Work(Bursty(burst_us=350, sleep_us=2_900), workers=2),
)


@scenario(duration=0.8)
def busy(machine: TopologyView) -> Scenario:
    """Sleepers whose periods do not divide each other, in two cgroups, one of which comes late."""
    return Scenario(
        steps=(
            Step(setup=(CgroupDef("cg_0", works=_WORKS),), hold=Frac(0.5)),
            Step(setup=(CgroupDef("cg_1", works=_WORKS),), hold=Frac(0.5)),
        ),
    )

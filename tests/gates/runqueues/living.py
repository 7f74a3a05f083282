# SPDX-License-Identifier: Apache-2.0
"""Without virtual time the monitor's figures are there as well, out of the guest's memory."""

from ktstr import CgroupDef, Scenario, TopologyView, Work, defs, scenario, stat


@scenario(
    duration=1.0,
    claims=(
        stat("total.imbalance_ratio").at_least(1),
        stat("total.local_dsq_depth").equals(0),
    ),
)
def crowded(machine: TopologyView) -> Scenario:
    """Two spinners for each CPU."""
    return defs(CgroupDef("cg_0", works=(Work(workers=2 * len(machine.cpus)),)))

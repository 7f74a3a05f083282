# SPDX-License-Identifier: Apache-2.0
"""EEVDF keeps what cpu.weight promises, with nesting and a quota."""

from ktstr import CgroupDef, Checks, Limits, Scenario, TopologyView, defs, it, scenario, stat


@scenario(
    duration=1.5,
    checks=Checks(max_share_error_pct=20),
    claims=(
        stat("heavy/x.promised_cpus").near(0.175, 0.001),
        stat("heavy/y.promised_cpus").near(0.525, 0.001),
        stat("light.promised_cpus").near(0.3, 0.001),
        stat("light.got_cpus").all_of(it.above(0.2), it.below(0.4)),
    ),
)
def shares_follow_weights_quotas_and_nesting(machine: TopologyView) -> Scenario:
    """What the quota keeps from one cgroup goes to the other's children, by their weights."""
    return defs(
        CgroupDef("heavy", works=None),
        CgroupDef("heavy/x"),
        CgroupDef("heavy/y", limits=Limits(weight=300)),
        CgroupDef("light", limits=Limits(quota=0.3)),
    )

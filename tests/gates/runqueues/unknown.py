# SPDX-License-Identifier: Apache-2.0
"""What Linux 6.12 does not tell: sched_ext counts no events there."""

from ktstr import CgroupDef, Checks, Scenario, TopologyView, defs, scenario


@scenario(duration=0.3, checks=Checks(max_fallback_rate=1_000))
def fallbacks(machine: TopologyView) -> Scenario:
    return defs(CgroupDef("cg_0"))


@scenario(duration=0.3, checks=Checks(max_keep_last_rate=1_000))
def kept_tasks(machine: TopologyView) -> Scenario:
    return defs(CgroupDef("cg_0"))


@scenario(duration=0.3, checks=Checks(no_scx_error_events=True))
def error_events(machine: TopologyView) -> Scenario:
    return defs(CgroupDef("cg_0"))

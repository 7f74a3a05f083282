# SPDX-License-Identifier: Apache-2.0
"""A scheduler with its own user space, of which a BUILD file knows the family, not the build."""

from ktstr import CgroupDef, Scenario, TopologyView, defs, scenario


@scenario(duration=1.0)
def steady(machine: TopologyView) -> Scenario:
    """It attaches under a longer name than the one that was given."""
    return defs(CgroupDef("cg_0"))

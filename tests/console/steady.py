# SPDX-License-Identifier: Apache-2.0
"""A healthy test, for guests whose kernel does not take all its arguments."""

import ktstr


@ktstr.scenario(duration=0.2)
def steady(machine: ktstr.TopologyView) -> ktstr.Scenario:
    """One cgroup that spins."""
    return ktstr.defs(ktstr.CgroupDef("cg_0"))

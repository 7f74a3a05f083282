# SPDX-License-Identifier: Apache-2.0
"""The gate about memory-only nodes: workers whose memory may come from there alone miss it."""

from ktstr import CgroupDef, Kind, Limits, Scenario, TopologyView, defs
from tests.gates.gate import Gate, declare


def far_memory(machine: TopologyView) -> Scenario:
    """Spinners whose memory lies on the node without CPUs, as far as it is their own."""
    return defs(CgroupDef("cg_0", limits=Limits(mems=(1,))))


declare(Gate("max_slow_tier_ratio", Kind.SLOW_TIER, 1.5, 0.000_001, far_memory), globals())

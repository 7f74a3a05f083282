# SPDX-License-Identifier: Apache-2.0
"""The gate about memory near its CPUs, which needs several NUMA nodes."""

from ktstr import CgroupDef, Kind, Numa, Scenario, TopologyView, defs
from tests.gates.gate import Gate, declare


def at_home(machine: TopologyView) -> Scenario:
    """Spinners on the CPUs of one node."""
    return defs(CgroupDef("cg_0", cpuset=Numa(0)))


declare(Gate("min_page_locality", Kind.PAGE_LOCALITY, 0.001, 1.5, at_home), globals())

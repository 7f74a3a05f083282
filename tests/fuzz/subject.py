# SPDX-License-Identifier: Apache-2.0
"""The machine's own test: fuzzing takes none of it but the machine."""

from ktstr import CgroupDef, Scenario, TopologyView, defs, scenario


@scenario()
def own(machine: TopologyView) -> Scenario:
    return defs(CgroupDef("only"))

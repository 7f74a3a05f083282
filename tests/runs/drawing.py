# SPDX-License-Identifier: Apache-2.0
"""Two scenarios, of which one draws."""

from ktstr import CgroupDef, Exact, Scenario, TopologyView, defs, scenario, stream


@scenario(duration=0.1)
def drawn(machine: TopologyView, seed: int) -> Scenario:
    """Runs on a CPU by chance."""
    cpu = stream(seed, "which CPU").choice(sorted(machine.cpus))
    return defs(CgroupDef("cg", Exact(frozenset({cpu}))))


@scenario(duration=0.1)
def second(machine: TopologyView) -> Scenario:
    """Comes after it."""
    return defs(CgroupDef("cg"))

# SPDX-License-Identifier: Apache-2.0
"""What //tests/benchmarks:witness plays with and without a witness."""

from ktstr import CgroupDef, CpuSpin, FutexPingPong, Scenario, TopologyView, Work, defs, scenario


@scenario(duration=2.0)
def spinners(machine: TopologyView) -> Scenario:
    """As many as there are CPUs: what is taken from them is missing at once."""
    return defs(CgroupDef("cg", works=(Work(CpuSpin(), workers=len(machine.cpus)),)))


@scenario(duration=2.0)
def pairs(machine: TopologyView) -> Scenario:
    """A pair for each two CPUs that wakes each other through a futex: CPUs are idle in between."""
    return defs(CgroupDef("cg", works=(Work(FutexPingPong(), workers=len(machine.cpus)),)))


@scenario(duration=2.0)
def idle(machine: TopologyView) -> Scenario:
    """Nobody does anything: what it costs the host to wake a guest that sleeps."""
    return defs(CgroupDef("cg", works=()))

# SPDX-License-Identifier: Apache-2.0
"""Tasks of the usual weight, and tasks that weigh more."""

from ktstr import Bursty, CgroupDef, Scenario, TopologyView, Work, defs, scenario


def _bursts(machine: TopologyView, nice: int) -> Scenario:
    workers = 2 * len(machine.cpus)
    bursty = Work(Bursty(burst_us=2_000, sleep_us=1_000), workers=workers, nice=nice)
    return defs(CgroupDef("busy", works=(bursty,)))


@scenario(duration=0.2)
def heavy(machine: TopologyView) -> Scenario:
    """All of them weigh more than usual."""
    return _bursts(machine, -5)


@scenario(duration=0.2)
def usual(machine: TopologyView) -> Scenario:
    """None of them does."""
    return _bursts(machine, 0)

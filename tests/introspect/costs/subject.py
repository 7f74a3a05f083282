# SPDX-License-Identifier: Apache-2.0
"""Tasks that wake often, and claims about what the scheduler's callbacks cost."""

from ktstr import Bursty, CgroupDef, Scenario, TopologyView, Work, defs, scenario, stat


@scenario(
    duration=0.2,
    claims=(
        stat("op.enqueue.instructions_p99").at_most(100_000),
        stat("op.enqueue.count").at_least(20),
        stat("kernel.switch.instructions_p50").at_least(1),
        stat("op.yield.instructions_p99").at_most(1),
        stat("op.init.instructions_max").at_most(1),
    ),
)
def bursts(machine: TopologyView) -> Scenario:
    """Twice as many bursty workers as CPUs."""
    bursty = Work(Bursty(burst_us=2_000, sleep_us=1_000), workers=2 * len(machine.cpus))
    return defs(CgroupDef("busy", works=(bursty,)))

# SPDX-License-Identifier: Apache-2.0
"""A scheduler that is thrown out in real time: guest_test.py looks at the second run's page."""

from ktstr import Bursty, CgroupDef, Scenario, TopologyView, Work, defs, scenario


def _bursts() -> Scenario:
    work = Work(Bursty(burst_us=1_000, sleep_us=5_000), workers=3)
    return defs(CgroupDef("cg_0", works=(work,)))


@scenario(duration=2.0, scheduler_args=("--set", "bad_dsq_comm=w0.0.2"))
def a_queue_that_there_is_not(machine: TopologyView) -> Scenario:
    """enqueue() puts one of the workers there."""
    return _bursts()


@scenario(duration=2.0, scheduler_args=("--set", "error_comm=w0.0.1"))
def it_gives_up(machine: TopologyView) -> Scenario:
    """enqueue() of one of the workers calls scx_bpf_error."""
    return _bursts()

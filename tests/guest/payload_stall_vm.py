# SPDX-License-Identifier: Apache-2.0
"""Payloads under a scheduler that, for a while, runs nobody."""

from ktstr import (
    Checks,
    Fixed,
    RunPayload,
    Scenario,
    SetKnob,
    Step,
    TopologyView,
    WaitPayload,
    metric,
    scenario,
)

_PATIENT = ("--set", "ops.timeout_ms=30000")


@scenario(scheduler_args=_PATIENT, checks=Checks(not_starved=False))
def one_that_is_not_run_is_started_and_waited_for(machine: TopologyView) -> Scenario:
    """It is placed although nobody runs, executed once somebody does, and no error of ours."""
    return Scenario(
        (
            Step(
                ops=(
                    SetKnob("stall_after_ns", 1),
                    RunPayload("script", ("exit 7",), (metric.ExitCodeEq(7),)),
                    SetKnob("stall_after_ns", 0),
                    WaitPayload("script", timeout=20.0),
                ),
                hold=Fixed(0.1),
            ),
        )
    )

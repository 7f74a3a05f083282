# SPDX-License-Identifier: Apache-2.0
"""In a guest under //sched/faulty: its delays show on both clocks, and its stalls stop no agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr import (
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    ExpectFail,
    Kind,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
    test,
)
from tests.measure.measures import merged, samples_of

if TYPE_CHECKING:
    from ktstr import Context

_MS = 1_000_000
_DELAY = 20 * _MS


def _knobs(**values: int | str) -> tuple[str, ...]:
    """Arguments of the generic loader that set global variables of the scheduler."""
    return tuple(arg for name, value in values.items() for arg in ("--set", f"{name}={value}"))


@test(duration=1.0, trace=True, scheduler_args=_knobs(delay_ns=_DELAY))
def a_delay_shows_on_both_clocks(ctx: Context) -> None:
    """Every woken task is held back for 20 ms: the worker's clock and the tracepoints say so."""
    work = Work(Bursty(burst_us=1_000, sleep_us=5_000), workers=1)
    played = ctx.run(CgroupDef("late", works=(work,)))
    worker = played.workers[0]
    samples = samples_of(worker, played.samples)
    for wake in (worker.wake, merged([sample.wake for sample in samples])):
        median = wake.percentile(0.5)
        assert median is not None and _DELAY <= median < 2 * _DELAY, wake
    waits = merged([phase.run_delay for phase in worker.phases])
    median = waits.percentile(0.5)
    assert median is not None and _DELAY <= median < 2 * _DELAY, waits


@scenario(
    duration=4.0,
    trace=True,
    scheduler_args=(
        *_knobs(stall_after_ns=500 * _MS, spare_kernel_threads="false"),
        *("--set", "ops.timeout_ms=1000"),
    ),
    expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED),
)
def the_agent_outlives_a_stall_of_everything(machine: TopologyView) -> Scenario:
    """Nothing below the real-time class runs any more, kernel threads included."""
    return defs(CgroupDef("cg_0"), CgroupDef("cg_1"))


@scenario(
    duration=1.0,
    trace=True,
    scheduler_args=(*_knobs(starve_comm="python"), "--set", "ops.timeout_ms=30000"),
    checks=Checks(max_gap_ms=500),
)
def a_scheduler_that_starves_the_agent_does_not_reach_it(machine: TopologyView) -> Scenario:
    """The agent's name is the one that is never dispatched, and all goes well nevertheless."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=2),)))

# SPDX-License-Identifier: Apache-2.0
"""Work in the background of test functions, in a real guest: read, steered and judged live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ktstr
from ktstr import (
    CgroupDef,
    Checks,
    CpuSpin,
    Exact,
    ExactCpus,
    ExpectFail,
    Fixed,
    FutexPingPong,
    Kind,
    Limits,
    OnTimeout,
    Work,
)
from ktstr.model.errors import UsageError

if TYPE_CHECKING:
    from ktstr import Context

_ANY = Checks(not_starved=False)
_ZERO, _FIRST = Exact(frozenset({0})), ExactCpus(frozenset({0}))
_MS = 1_000_000


@ktstr.test()
def counters_of_running_work(ctx: Context) -> None:
    """What a worker has done grows while it runs, by its own word and the kernel's."""
    load = ctx.cgroup("load", _ZERO)
    spin = load.start(Work(CpuSpin(), workers=2, nice=5), name="spin")
    assert spin.wait(iterations=2, timeout=2.0)
    before = spin.read()
    assert ctx.hold(0.3)
    added = spin.read().since(before)
    assert added.iterations > 0 and added.work_units > 0, added
    # both on one CPU, of which they have all
    assert added.cpu_ns is not None and 250 * _MS < added.cpu_ns < 340 * _MS, added
    assert added.run_delay_ns is not None and added.run_delay_ns > 200 * _MS, added
    assert {each.cpu for each in added.workers} == {0}, added
    assert load.cpu_s > 0.25
    facts = spin.stop()
    assert [each.cgroup for each in facts] == ["load", "load"]
    assert all(each.completed and "nice=5" in each.effective for each in facts), facts
    assert sum(each.iterations for each in facts) >= before.iterations + added.iterations
    load.remove()


@ktstr.test(checks=Checks(max_gap_ms=400))
def control_flow_around_load(ctx: Context) -> None:
    """Load comes, is squeezed, frozen and goes while pairs run; a scenario is played beside it."""
    load = ctx.cgroup("load", _ZERO)
    pairs = ctx.start(Work(FutexPingPong(), workers=2, affinity=_FIRST), name="pairs")
    assert pairs.wait(iterations=20, timeout=2.0)
    alone = pairs.read()
    ctx.hold(0.2)
    alone = pairs.read().since(alone)
    spin = load.start(Work(CpuSpin(), workers=1), name="spin")
    with ctx.phase("together", spin, pairs, checks=Checks(max_wake_p99_us=100_000)):
        ctx.hold(0.3)
    busy = pairs.read()
    load.freeze()
    stood = spin.read()
    ctx.hold(0.1)
    assert spin.read().iterations == stood.iterations
    load.thaw()
    assert pairs.read().iterations > busy.iterations
    load.set_limits(Limits(weight=10))
    load.set_cpuset(Exact(frozenset({1})))
    assert spin.wait(iterations=stood.iterations + 10, timeout=2.0)
    assert ctx.wait(lambda: {each.cpu for each in spin.read().workers} == {1}, 2.0, what="CPU 1")
    played = ctx.run(CgroupDef("own"), hold=Fixed(0.2))
    assert played.scenario.steps_done == 1, played.scenario
    assert {worker.cgroup for worker in played.workers} == {"own"}
    assert alone.iterations > 0


@ktstr.test(
    checks=_ANY,
    expect_fail=ExpectFail(Kind.ITERATION_RATE, r"^background 1 \(busy\): load worker 0.0"),
)
def checks_of_a_phase(ctx: Context) -> None:
    """A phase is judged by its own checks: the handle's, over the whole life, are met."""
    load = ctx.cgroup("load", _ZERO)
    spin = load.start(Work(CpuSpin(), workers=1), checks=Checks(min_iterations_per_s=1))
    with ctx.phase("busy", spin, checks=Checks(min_iterations_per_s=1e9)):
        ctx.hold(0.2)


@ktstr.test(checks=_ANY)
def what_is_left_is_stopped(ctx: Context) -> None:
    """The function returns and leaves its work running: that is no fault of its own."""
    ctx.cgroup("a").cgroup("b", _ZERO).start(Work(CpuSpin(), workers=2))
    ctx.start(Work(FutexPingPong(), workers=2))
    ctx.hold(0.1)


@ktstr.test(
    checks=_ANY, expect_fail=ExpectFail(Kind.TEST_ERROR, "waited in vain for 1000000000 iterations")
)
def a_wait_that_fails(ctx: Context) -> None:
    """The deadline of a wait is the check."""
    ctx.start(Work(CpuSpin(), workers=1), name="spin").wait(
        iterations=1_000_000_000, timeout=0.2, on_timeout=OnTimeout.FAIL
    )


@ktstr.test(checks=_ANY)
def mistakes(ctx: Context) -> None:
    """What cannot be is refused, and nothing is left of it."""
    load = ctx.cgroup("load", _ZERO)
    for mistake, words in (
        (lambda: ctx.cgroup("load"), "exists already"),
        (lambda: ctx.cgroup("x", Exact(frozenset({7}))), "background work"),
        (lambda: load.start(Work(FutexPingPong(), workers=3)), "whole groups"),
        (lambda: ctx.run(CgroupDef("load"), hold=Fixed(0.1)), "has in the background"),
        (lambda: load.cgroup("y", Exact(frozenset({1}))), "gives no child more than its parent"),
    ):
        try:
            mistake()
        except UsageError as error:
            assert words in str(error), error
        else:
            raise AssertionError(words)
    load.remove()
    try:
        load.start(Work())
    except UsageError as error:
        assert "has been removed" in str(error), error
    # the name is free again
    ctx.run(CgroupDef("load"), hold=Fixed(0.1))

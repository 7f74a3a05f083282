# SPDX-License-Identifier: Apache-2.0
"""Guests that ask the host for the state of their scheduler, and set it, from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ktstr import (
    CgroupDef,
    Checks,
    ExpectFail,
    Fixed,
    GlobalValue,
    Kind,
    MapValue,
    OnTimeout,
    Scenario,
    SetKernel,
    SetKnob,
    SetMap,
    Snapshot,
    Step,
    TopologyView,
    Until,
    WaitFor,
    it,
    scenario,
    test,
)
from ktstr.model.errors import NoSuchName

if TYPE_CHECKING:
    from ktstr import Context

_IMPATIENT = ("--set", "ops.timeout_ms=1000")
_PATIENT = ("--set", "ops.timeout_ms=30000")
# HZ of the kernels here
_HZ = 250


@contextmanager
def _refused(words: str) -> Iterator[None]:
    try:
        yield
    except NoSuchName as error:
        assert words in str(error), error
    else:
        raise AssertionError(f"not refused: {words}")


@test()
def variables_of_the_scheduler(ctx: Context) -> None:
    """What its own loader has set is there, and what is set from outside its loader sees."""
    ctx.set_knob("delay_ns", 1234)
    assert ctx.map(".bss")[0].delay_ns == 1234
    ctx.map(".bss").write(0, "delay_ns", 0)
    assert ctx.map(".bss").read(0, "delay_ns") == 0
    assert ctx.map(".rodata")[0].slice_ns == 20_000_000
    before = ctx.map(".bss")[0].nr_local
    ctx.run(CgroupDef("cg_0"), hold=Fixed(0.2))
    after = ctx.map(".bss")[0].nr_local + ctx.map(".bss")[0].nr_shared
    assert after > before, (before, after)
    ctx.claim("tasks that it sent somewhere", after).above(before)


@test()
def what_there_is_not(ctx: Context) -> None:
    """Is named, with what is near."""
    with _refused("no BPF map 'timer' (did you mean 'timers'?)"):
        ctx.map("timer").read(0)
    with _refused("has no variable 'nr_locl' (did you mean 'nr_local'?)"):
        ctx.map(".bss").read(0, "nr_locl")
    with _refused("has no member 'nr_locl' (did you mean 'nr_local'?)"):
        _ = ctx.map(".bss")[0].nr_locl
    with _refused("has 1 elements, and no 1"):
        ctx.map("timers").read(1)
    with _refused("see `cpu`"):
        ctx.map(".bss").write(0, "delay_ns", 1, cpu=0)


@test(checks=Checks(max_verified_insns=1_000_000))
def programs_as_the_kernel_tells(ctx: Context) -> None:
    """Those of the scheduler, and nobody else's."""
    programs = {each.name: each for each in ctx.programs()}
    assert "faulty_enqueue" in programs, programs
    assert not [name for name in programs if "sampler" in name or "witness" in name], programs
    enqueue = programs["faulty_enqueue"]
    assert enqueue.type == "struct_ops"
    assert 10 < enqueue.verified_insns < 1_000_000 and enqueue.jited_bytes > 0, enqueue
    ctx.run(CgroupDef("cg_0"), hold=Fixed(0.1))


@scenario(
    duration=0.5,
    checks=Checks(max_verified_insns=10),
    expect_fail=ExpectFail(Kind.VERIFIER_BUDGET, r"program faulty_\w+ of .*\(limit 10 instr"),
)
def a_budget_of_nothing(machine: TopologyView) -> Scenario:
    """No program is that small."""
    del machine
    return Scenario((Step((CgroupDef("cg_0"),), hold=Fixed(0.3)),))


@scenario(
    duration=8.0,
    scheduler_args=_IMPATIENT,
    expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, r"runnable task stall.* for 4\.\d+s"),
)
def the_watchdog_is_set(machine: TopologyView) -> Scenario:
    """A scheduler that stalls after one second is thrown out after four by then."""
    del machine
    return Scenario(
        (
            Step(
                (CgroupDef("cg_0"),),
                ops=(
                    SetKernel("scx_watchdog_timeout", 4 * _HZ),
                    SetKnob("stall_after_ns", 1),
                ),
                hold=Fixed(8.0),
            ),
        )
    )


@scenario(duration=3.0, scheduler_args=_PATIENT, checks=Checks(not_starved=False))
def a_map_is_waited_for_and_set(machine: TopologyView) -> Scenario:
    """A stall that is switched on and off from outside, without the scheduler's loader."""
    del machine
    on, off = SetMap(".bss", 0, "stall_after_ns", 1), SetMap(".bss", 0, "stall_after_ns", 0)
    seen = MapValue(".bss", 0, "stall_after_ns", it.equals(1))
    return Scenario(
        (
            Step(
                (CgroupDef("cg_0"),),
                ops=(WaitFor(MapValue(".bss", 0, "nr_local", it.above(0)), 1.0, OnTimeout.FAIL),),
                hold=Fixed(0.2),
            ),
            Step(
                (CgroupDef("cg_0"),),
                ops=(on, WaitFor(GlobalValue("stall_after_ns", "==", 1), 1.0, OnTimeout.FAIL)),
                hold=Until(seen, 1.0, OnTimeout.FAIL),
            ),
            Step((CgroupDef("cg_0"),), ops=(Snapshot("stalled"), off), hold=Fixed(0.3)),
        )
    )

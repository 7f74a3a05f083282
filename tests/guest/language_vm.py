# SPDX-License-Identifier: Apache-2.0
"""The scenario language in a real guest: limits, freezing, waits for conditions, phases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import ktstr
from ktstr import (
    AddCgroup,
    AddCgroupDef,
    Backdrop,
    CaptureProcs,
    CgroupDef,
    Checks,
    ClearCpuset,
    CpuTime,
    Disjoint,
    EventSeen,
    Exact,
    ExpectFail,
    Fixed,
    Freeze,
    Iterations,
    Kind,
    Limits,
    MoveAllTasks,
    OnTimeout,
    PipeIo,
    RandomSubset,
    RemoveCgroup,
    Scenario,
    SetAffinity,
    SetCpuset,
    SetLimits,
    Spawn,
    Step,
    StopCgroup,
    SwapCpusets,
    Thaw,
    TopologyView,
    Until,
    WaitFor,
    Work,
    WorkDone,
)
from ktstr.model.errors import UsageError
from ktstr.model.validation.validate import check_scenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from ktstr import Context
    from ktstr.guest.function.played import Played
    from ktstr.model.scenario.scenario import Op

_HOLD = Fixed(0.2)
_ANY = Checks(not_starved=False)
_ONE = (Work(workers=1),)


def _complete(played: Played) -> None:
    assert not played.scenario.error, played.scenario.error
    assert played.scenario.steps_done == played.scenario.steps_planned, played.scenario
    for worker in played.workers:
        assert worker.completed and not worker.errors, worker
    for cgroup in played.cgroups:
        assert cgroup.limits_in_force == cgroup.limits, cgroup


@ktstr.test()
def a_test_of_five_lines(ctx: Context) -> None:
    """The shortest form: two cgroups, for the test's duration."""
    played = ctx.run(CgroupDef("a"), CgroupDef("b"))
    assert [worker.cgroup for worker in played.workers] == ["a", "a", "b", "b"]


@ktstr.test(checks=_ANY)
def limits_are_in_force(ctx: Context) -> None:
    """Each limit is in its file, controllers are switched on for nested ones, too."""
    whole = Limits(
        weight=50,
        quota=0.5,
        period_us=20_000,
        memory_low_mb=1,
        memory_high_mb=64,
        memory_max_mb=128,
        swap_max_mb=0,
        pids_max=20,
        mems=(0,),
    )
    played = ctx.run(
        CgroupDef("outer", works=None, limits=Limits(pids_max=50)),
        CgroupDef("outer/inner", Exact(frozenset({0})), _ONE, whole),
        CgroupDef("free", Exact(frozenset({1})), _ONE),
        hold=Fixed(0.4),
    )
    _complete(played)
    cgroups = {cgroup.name: cgroup for cgroup in played.cgroups}
    inner = cgroups["outer/inner"]
    assert len(inner.limits) == 8 and inner.limits["cpu.max"] == "10000 20000", inner.limits
    assert cgroups["outer"].limits == {"pids.max": "50"} and not cgroups["free"].limits
    assert inner.stats["memory.peak"] > 0 and inner.stats["pids.peak"] == 1, inner.stats
    assert inner.cpu_stat["nr_throttled"] > 0
    # half a CPU, and what a period lets run over at each end
    assert 0.15e6 < inner.cpu_stat["usage_usec"] < 0.25e6, inner.cpu_stat
    assert cgroups["free"].cpu_stat["usage_usec"] > 0.3e6


@ktstr.test(checks=_ANY)
def limits_change_under_load(ctx: Context) -> None:
    """SetLimits changes what it names; the rest stays."""
    played = ctx.run(
        Step(ops=(SetLimits("cg", Limits(pids_max=9, weight=300)),), hold=_HOLD),
        Step(ops=(SetLimits("cg", Limits(weight=7)),), hold=_HOLD),
        backdrop=Backdrop((CgroupDef("cg", limits=Limits(weight=20, quota=1.5)),)),
    )
    _complete(played)
    limits = played.cgroups[0].limits
    assert limits == {"cpu.weight": "7", "cpu.max": "150000 100000", "pids.max": "9"}, limits


@ktstr.test(checks=_ANY)
def what_is_frozen_stands_still(ctx: Context) -> None:
    """A frozen cgroup uses no CPU time, goes on when it is thawed, and can end frozen."""
    outer, cold = CgroupDef("outer", works=None), CgroupDef("outer/cold")
    everywhere = (CgroupDef("warm"), outer, cold, CgroupDef("ends"))
    played = ctx.run(
        Step(
            ops=(
                WaitFor(Iterations("ends", 1), 5.0),
                Freeze("outer"),
                Freeze("outer/cold"),
                Freeze("ends"),
            ),
            hold=Fixed(0.3),
        ),
        # thawed from below: the inner one stays where it is until the outer one goes on
        Step(ops=(Thaw("outer/cold"), Thaw("outer"), StopCgroup("ends")), hold=Fixed(0.1)),
        backdrop=Backdrop(everywhere),
    )
    _complete(played)
    used = {each.name: each.cpu_stat["usage_usec"] / 1e6 for each in played.cgroups}
    frozen = {each.name: each.frozen_ns / 1e9 for each in played.cgroups}
    assert 0.3 <= frozen["outer/cold"] < 0.4 and frozen["ends"] >= 0.3 and not frozen["warm"], (
        frozen
    )
    assert used["warm"] > 2 * used["outer/cold"] and used["warm"] > 4 * used["ends"] > 0, used
    assert {worker.cgroup for worker in played.workers} == {"warm", "outer/cold", "ends"}
    assert all(worker.work_units for worker in played.workers if worker.cgroup != "ends")
    assert any(event.name == "thaw" and "ends" in event.detail for event in played.events)


@ktstr.test(checks=_ANY)
def waits_end_when_their_condition_is_met(ctx: Context) -> None:
    """Ops and holds that wait go on at once, and say what they saw."""
    played = ctx.run(
        Step(
            ops=(
                AddCgroupDef(CgroupDef("cg")),
                WaitFor(EventSeen("op", "AddCgroupDef"), 5.0),
                WaitFor(Iterations("cg", 50), 5.0),
            ),
            hold=Until(CpuTime("cg", 0.1), 5.0),
        ),
        Step(
            setup=(CgroupDef("outer", works=None), CgroupDef("outer/inner", works=_ONE)),
            hold=Until(WorkDone("outer", 10), 5.0),
        ),
    )
    _complete(played)
    assert not played.scenario.timeouts
    met = [event for event in played.events if event.name == "wait_met"]
    assert [event.step for event in met] == [0, 0, 0, 1], met
    assert (played.scenario.ended_ns - played.scenario.started_ns) < 2e9
    cg = next(each for each in played.cgroups if each.name == "cg")
    # two CPUs, and a timer of 10 ms
    assert 0.1e6 <= cg.cpu_stat["usage_usec"] < 0.2e6, cg.cpu_stat
    assert sum(worker.iterations for worker in played.workers if worker.cgroup == "cg") >= 50


@ktstr.test(checks=_ANY)
def a_wait_in_vain_ends_the_scenario_or_not(ctx: Context) -> None:
    """After GO_ON the scenario goes on; after FAIL (made good below) it ends there."""
    vain = CpuTime("cg", 1000.0)
    played = ctx.run(
        Step((CgroupDef("cg"),), hold=Until(vain, 0.05, OnTimeout.GO_ON)),
        Step((CgroupDef("cg"),), hold=_HOLD),
    )
    _complete(played)
    (late,) = played.scenario.timeouts
    assert late.step == 0 and late.seconds == 0.05 and late.seen.endswith("CPU time"), late


@ktstr.scenario(checks=_ANY, expect_fail=ExpectFail(Kind.WAIT, "step 0 waited in vain for CpuTime"))
def a_wait_may_be_the_check(machine: TopologyView) -> Scenario:
    """FAIL, if the scenario says so; what follows the wait is not played."""
    wait = WaitFor(CpuTime("cg", 1000.0), 0.1, OnTimeout.FAIL)
    step = Step(ops=(wait, RemoveCgroup("cg")), hold=Fixed(50.0))
    return Scenario((step,), Backdrop((CgroupDef("cg"),)))


@ktstr.test(checks=_ANY)
def steps_change_the_backdrop(ctx: Context) -> None:
    """A step may remove a cgroup of the Backdrop and make one of that name; all facts are kept."""
    played = ctx.run(
        Step(ops=(CaptureProcs("base"),), hold=_HOLD, name="first"),
        Step(
            ops=(RemoveCgroup("base"), AddCgroup("base")),
            hold=_HOLD,
            name="second",
            checks=Checks(not_starved=False),
        ),
        Step((CgroupDef("base", works=_ONE),), hold=_HOLD),
        backdrop=Backdrop((CgroupDef("base"),)),
        checks=Checks(isolation=False),
    )
    _complete(played)
    assert [(each.name, each.step) for each in played.cgroups] == [
        ("base", s) for s in (None, 1, 2)
    ]
    assert [worker.step for worker in played.workers] == [None, None, 2]
    procs = next(event for event in played.events if event.name == "procs")
    assert procs.detail.startswith("base: ") and procs.detail.count("w0.0.") >= 2, procs
    steps = played.scenario.steps
    assert [step.name for step in steps] == ["first", "second", ""]
    assert steps[0].checks == Checks(isolation=False)
    assert steps[1].checks == Checks(isolation=False, not_starved=False)
    for step in steps:
        assert 0.2e9 <= step.ended_ns - step.started_ns < step.torn_down_ns - step.started_ns


_NAMES = ("a", "b", "a/x", "a/y", "b/z")
_FEW = (Work(workers=1), Work(PipeIo(), workers=2), Work(affinity=RandomSubset(), workers=1))


def _op(draw: Random) -> Op:
    name, other = draw.choice(_NAMES), draw.choice(_NAMES)
    makers: tuple[Callable[[], Op], ...] = (
        lambda: AddCgroup(name),
        lambda: AddCgroupDef(CgroupDef(name, works=(draw.choice(_FEW),))),
        lambda: RemoveCgroup(name),
        lambda: StopCgroup(name),
        lambda: SetCpuset(name, Disjoint(draw.randrange(2), 2)),
        lambda: ClearCpuset(name),
        lambda: SwapCpusets(name, other),
        lambda: SetLimits(name, Limits(weight=draw.randrange(1, 10_000), pids_max=9, mems=(0,))),
        lambda: SetLimits(name, Limits(quota=draw.uniform(0.1, 2.0), memory_max_mb=32)),
        lambda: Freeze(name),
        lambda: Thaw(name),
        lambda: Spawn(name, draw.choice(_FEW)),
        lambda: SetAffinity(name, RandomSubset()),
        lambda: MoveAllTasks(name, other),
        lambda: CaptureProcs(name),
        lambda: WaitFor(CpuTime(name, 0.001), 0.01, OnTimeout.GO_ON),
    )
    return draw.choice(makers)()


def _drawn(ctx: Context, draw: Random, steps: int, ops: int) -> Scenario:
    """A scenario of ops drawn at random, of which those are kept that the ledger takes."""
    backdrop = Backdrop((CgroupDef("a", works=None), CgroupDef("b", works=_ONE)))
    made: list[Step] = []
    for _ in range(steps):
        kept: tuple[Op, ...] = ()
        while len(kept) < ops:
            tried = (*kept, _op(draw))
            step = Step(ops=tried, hold=Fixed(0.01))
            try:
                check_scenario(Scenario((*made, step), backdrop), ctx.topology, 1)
            except UsageError:
                continue
            kept = tried
        made.append(Step(ops=kept, hold=Fixed(0.01)))
    return Scenario(tuple(made), backdrop)


@ktstr.test(checks=_ANY)
def what_the_ledger_takes_can_be_played(ctx: Context) -> None:
    """No scenario that was found to be possible is refused by the kernel; nothing is left of it."""
    for number in range(4):
        played = ctx.run(_drawn(ctx, ctx.random(f"scenario {number}"), steps=3, ops=6))
        _complete(played)
        assert not any(name.is_dir() for name in Path("/sys/fs/cgroup/ktstr").iterdir())

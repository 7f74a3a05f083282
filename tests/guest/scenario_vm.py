# SPDX-License-Identifier: Apache-2.0
"""What scenarios do in a real guest, seen from within: the engine is what is tested here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import ktstr
from ktstr import (
    AddCgroup,
    Backdrop,
    Bursty,
    CgroupDef,
    Checks,
    CrossCgroup,
    Disjoint,
    Exact,
    ExactCpus,
    Fixed,
    Limits,
    Loop,
    MoveAllTasks,
    PipeIo,
    Policy,
    RandomSubset,
    RemoveCgroup,
    SetAffinity,
    SetCpuset,
    SingleCpu,
    Spawn,
    SpawnHost,
    Step,
    StopCgroup,
    SwapCpusets,
    Work,
)

if TYPE_CHECKING:
    from ktstr import Context
    from ktstr.guest.function.played import Played

_CGROUPS = "/sys/fs/cgroup/ktstr"
_HOLD = Fixed(0.15)
_ANY = Checks(not_starved=False)


def _nothing_is_left() -> None:
    left = [name for name in os.listdir(_CGROUPS) if os.path.isdir(f"{_CGROUPS}/{name}")]
    assert not left, f"cgroups left: {left}"
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                assert "ktstr-worker" not in file.read(), f"worker {pid} is left"
        except (FileNotFoundError, ProcessLookupError):
            continue


def _complete(played: Played) -> None:
    assert not played.scenario.error, played.scenario.error
    assert played.scenario.steps_done == played.scenario.steps_planned
    for worker in played.workers:
        assert worker.completed, worker
        assert not worker.errors, worker
    _nothing_is_left()


@ktstr.test(checks=_ANY)
def cgroups_are_as_defined(ctx: Context) -> None:
    """Cpuset, weight, nesting, the number of workers and their placement."""
    played = ctx.run(
        Step(
            setup=(
                CgroupDef("plain", works=(Work(workers=3),)),
                CgroupDef("heavy", limits=Limits(weight=500), cpuset=Exact(frozenset({1}))),
                CgroupDef("outer", works=None, cpuset=Exact(frozenset({0}))),
                CgroupDef("outer/inner", works=(Work(workers=1),)),
            ),
            hold=_HOLD,
        )
    )
    _complete(played)
    cgroups = {cgroup.name: cgroup for cgroup in played.cgroups}
    assert sorted(cgroups) == ["heavy", "outer", "outer/inner", "plain"]
    assert cgroups["heavy"].weight == 500 and cgroups["heavy"].effective_cpuset == "1"
    assert cgroups["outer/inner"].effective_cpuset == "0"
    assert cgroups["plain"].cpu_stat["usage_usec"] > 0
    counts = [worker.cgroup for worker in played.workers]
    assert [counts.count(name) for name in ("plain", "heavy", "outer/inner")] == [3, 2, 1]
    for worker in played.workers:
        allowed = {"heavy": {1}, "outer/inner": {0}}.get(worker.cgroup)
        assert allowed is None or set(worker.ran_on) <= allowed, worker
    inner = next(worker for worker in played.workers if worker.cgroup == "outer/inner")
    assert inner.cpuset == "0", inner


@ktstr.test(checks=_ANY)
def reports_of_what_was_stopped_are_kept(ctx: Context) -> None:
    """StopCgroup and RemoveCgroup end workers early; their facts still come."""
    played = ctx.run(
        Step(hold=_HOLD),
        Step(ops=(StopCgroup("stays"), RemoveCgroup("goes")), hold=_HOLD),
        backdrop=Backdrop(cgroups=(CgroupDef("stays"), CgroupDef("goes"))),
    )
    _complete(played)
    assert sorted(worker.cgroup for worker in played.workers) == ["goes"] * 2 + ["stays"] * 2
    assert all(worker.work_units > 0 and worker.step is None for worker in played.workers)
    assert sorted(cgroup.name for cgroup in played.cgroups) == ["goes", "stays"]


@ktstr.test(checks=_ANY)
def a_step_takes_along_what_it_made(ctx: Context) -> None:
    """What a step spawns ends with it, also in a cgroup of the backdrop and beside the agent."""
    played = ctx.run(
        Step(
            ops=(
                AddCgroup("local"),
                Spawn("base", Work(workers=1)),
                SpawnHost(Work(workers=1)),
            ),
            hold=_HOLD,
        ),
        Step(setup=(CgroupDef("local"),), hold=_HOLD),
        backdrop=Backdrop(cgroups=(CgroupDef("base", works=None),)),
    )
    _complete(played)
    found = sorted((worker.step, worker.cgroup) for worker in played.workers)
    assert found == [(0, ""), (0, "base"), (1, "local"), (1, "local")], found


@ktstr.test(checks=_ANY)
def cpusets_change_under_load(ctx: Context) -> None:
    """Set and swapped cpusets are what the kernel has in force."""
    played = ctx.run(
        Step(
            ops=(SetCpuset("a", Disjoint(0, 2)), SetCpuset("b", Disjoint(1, 2))),
            hold=_HOLD,
        ),
        Step(ops=(SwapCpusets("a", "b"),), hold=_HOLD),
        backdrop=Backdrop(cgroups=(CgroupDef("a"), CgroupDef("b"))),
    )
    _complete(played)
    cgroups = {cgroup.name: cgroup.effective_cpuset for cgroup in played.cgroups}
    assert cgroups == {"a": "1", "b": "0"}, cgroups
    for worker in played.workers:
        assert set(worker.ran_on) == {0, 1}, worker


@ktstr.test(checks=_ANY)
def affinities_bind(ctx: Context) -> None:
    """Each worker runs where its affinity says, also when that changes while it runs."""
    played = ctx.run(
        Step(
            setup=(
                CgroupDef("single", works=(Work(affinity=SingleCpu()),)),
                CgroupDef("exact", works=(Work(affinity=ExactCpus(frozenset({1, 7}))),)),
                CgroupDef("half", works=(Work(affinity=RandomSubset()),)),
                CgroupDef("all", works=(Work(affinity=CrossCgroup()),)),
            ),
            hold=_HOLD,
        ),
        Step(
            ops=(
                AddCgroup("later"),
                Spawn("later", Work()),
                SetAffinity("later", ExactCpus(frozenset({1}))),
            ),
            hold=_HOLD,
        ),
    )
    _complete(played)
    for worker in played.workers:
        seen = set(worker.ran_on)
        if worker.cgroup == "single":
            assert seen == {0} and worker.effective.endswith("affinity=0"), worker
        elif worker.cgroup == "exact":
            assert seen == {1} and worker.migrations == 0, worker
        elif worker.cgroup == "half":
            assert len(seen) == 1, worker
        elif worker.cgroup == "later":
            assert 1 in seen and worker.requested.endswith("affinity=1"), worker


@ktstr.test(checks=_ANY)
def policies_are_in_force(ctx: Context) -> None:
    """Policy, priority and nice are read back from the kernel."""
    napping = Bursty(burst_us=500, sleep_us=2000)
    works = (
        Work(workers=1, nice=-5),
        Work(workers=1, policy=Policy.BATCH, nice=3),
        Work(workers=1, policy=Policy.IDLE),
        Work(napping, workers=1, policy=Policy.FIFO, rt_priority=7),
        Work(napping, workers=1, policy=Policy.RR, rt_priority=99),
    )
    played = ctx.run(Step(setup=(CgroupDef("cg", works=works),), hold=_HOLD))
    _complete(played)
    found = {worker.group: worker.effective.rpartition(" ")[0] for worker in played.workers}
    assert found == {
        0: "policy=normal rt_priority=0 nice=-5",
        1: "policy=batch rt_priority=0 nice=3",
        2: "policy=idle rt_priority=0 nice=0",
        3: "policy=fifo rt_priority=7 nice=0",
        4: "policy=rr rt_priority=99 nice=0",
    }, found


@ktstr.test(duration=0.5, checks=_ANY)
def a_loop_repeats_its_ops(ctx: Context) -> None:
    """Cgroups come and go every 100 ms beside a load; moved tasks belong to where they are."""
    played = ctx.run(
        Step(
            ops=(AddCgroup("brief"), Spawn("brief", Work(PipeIo())), RemoveCgroup("brief")),
            hold=Loop(0.1),
        ),
        Step(ops=(MoveAllTasks("here", "there"),), hold=_HOLD),
        backdrop=Backdrop(
            cgroups=(CgroupDef("here"), CgroupDef("there", works=None)),
        ),
    )
    _complete(played)
    brief = [cgroup for cgroup in played.cgroups if cgroup.name == "brief"]
    assert 2 <= len(brief) <= 5, len(brief)
    assert sorted({worker.cgroup for worker in played.workers}) == ["brief", "there"]

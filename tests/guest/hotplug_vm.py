# SPDX-License-Identifier: Apache-2.0
"""CPUs that come and go in a real guest: ops, a test function's own doing, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import ktstr
from ktstr import (
    AddCgroup,
    AddCgroupDef,
    Backdrop,
    CgroupDef,
    Checks,
    ClearCpuset,
    Disjoint,
    Exact,
    ExactCpus,
    Fixed,
    LlcAligned,
    OfflineCpu,
    OnlineCpu,
    RandomSubset,
    RemoveCgroup,
    Scenario,
    SetAffinity,
    SetCpuset,
    SingleCpu,
    Spawn,
    Step,
    StopCgroup,
    SwapCpusets,
    TopologyView,
    Work,
)
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.validation.validate import check_scenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from ktstr import Context
    from ktstr.guest.function.played import Played
    from ktstr.model.scenario.scenario import Op

_CPUS = Path("/sys/devices/system/cpu")
_HOLD = Fixed(0.3)
_ONE = (Work(workers=1),)
_ANY = Checks(not_starved=False)


def _online() -> str:
    return (_CPUS / "online").read_text().strip()


def _cpus(*cpus: int) -> Exact:
    return Exact(frozenset(cpus))


def _complete(played: Played) -> None:
    assert not played.scenario.error, played.scenario.error
    assert played.scenario.steps_done == played.scenario.steps_planned, played.scenario
    for worker in played.workers:
        assert worker.completed and not worker.errors, worker


@ktstr.scenario(
    duration=1.5,
    checks=Checks(isolation=True, max_gap_ms=300),
)
def a_cpu_goes_and_comes_back_under_load(machine: TopologyView) -> Scenario:
    """Cpusets that keep a CPU are kept to, and shares are those of the CPUs that were there."""
    left = CgroupDef("left", _cpus(0, 1), (Work(workers=2),))
    right = CgroupDef("right", _cpus(0, 1), (Work(workers=2),))
    # over two CPUs EEVDF takes longer than a step to balance four spinners
    shared = Checks(max_share_error_pct=25, max_spread_pct=25)
    lost = (OfflineCpu(1), OfflineCpu(3))
    return Scenario(
        steps=(
            Step(hold=Fixed(0.5), name="whole"),
            Step(ops=lost, hold=Fixed(0.5), name="half", checks=shared),
            Step(ops=(OfflineCpu(2), OnlineCpu(2)), hold=Fixed(0.5), name="whole again"),
        ),
        backdrop=Backdrop((left, right)),
    )


@ktstr.test(checks=_ANY)
def what_a_step_takes_comes_back_at_its_end(ctx: Context) -> None:
    """So does what a function takes; what the Backdrop takes is gone in all steps."""
    whole = _online()
    ctx.offline_cpu(3)
    assert _online() == "0-2"
    played = ctx.run(
        Step((CgroupDef("a", works=_ONE),), (OfflineCpu(1),), _HOLD),
        Step((CgroupDef("a", works=_ONE),), (OnlineCpu(3),), _HOLD),
        backdrop=Backdrop(ops=(OfflineCpu(2),)),
    )
    _complete(played)
    assert _online() == whole, _online()
    last = played.workers[-1]
    assert set(last.ran_on) <= {0, 1, 3}, last.ran_on
    assert set(played.workers[0].ran_on) <= {0}, played.workers[0].ran_on
    ctx.offline_cpu(1)
    ctx.online_cpu(1)
    ctx.offline_cpu(1)


@ktstr.test(checks=_ANY)
def affinities_are_those_of_the_cpus_that_are_there(ctx: Context) -> None:
    """No worker is refused an affinity, whatever it asks for."""
    kinds = (SingleCpu(), RandomSubset(), LlcAligned(), ExactCpus(frozenset({1, 2})))
    works = tuple(Work(workers=1, affinity=kind) for kind in kinds)
    played = ctx.run(
        Step((CgroupDef("a", _cpus(1, 2), works),), (OfflineCpu(1),), _HOLD),
        Step((CgroupDef("a", works=works),), (OfflineCpu(1),), _HOLD),
    )
    _complete(played)
    for worker in played.workers:
        assert 1 not in worker.ran_on, worker
        assert worker.work_units, worker


@ktstr.test(checks=_ANY)
def what_the_kernel_refuses_is_told(ctx: Context) -> None:
    """By its errno where it has one, before a boot where it can be known."""
    for refused, words in (
        (lambda: ctx.offline_cpu(0), "CPU 0 did not go offline: the kernel has no switch for it"),
        (lambda: ctx.offline_cpu(9), "CPU 9 does not exist"),
        (lambda: ctx.online_cpu(1), "CPU 1 is online"),
        (lambda: ctx.run(Step(ops=(OnlineCpu(1),))), "OnlineCpu: CPU 1 is online at this point"),
    ):
        try:
            refused()
        except (UsageError, InfraError) as error:
            assert words in str(error), error
        else:
            raise AssertionError(words)


_NAMES = ("a", "b", "a/x")
_FEW = (
    Work(workers=1),
    Work(affinity=RandomSubset(), workers=1),
    Work(affinity=SingleCpu(), workers=1),
    Work(affinity=ExactCpus(frozenset({1, 2})), workers=1),
)


def _op(draw: Random) -> Op:
    name, cpu = draw.choice(_NAMES), draw.randrange(4)
    makers: tuple[Callable[[], Op], ...] = (
        lambda: OfflineCpu(cpu),
        lambda: OfflineCpu(cpu),
        lambda: OnlineCpu(cpu),
        lambda: AddCgroup(name),
        lambda: AddCgroupDef(CgroupDef(name, works=(draw.choice(_FEW),))),
        lambda: RemoveCgroup(name),
        lambda: StopCgroup(name),
        lambda: SetCpuset(name, _cpus(cpu)),
        lambda: SetCpuset(name, Disjoint(draw.randrange(2), 2)),
        lambda: ClearCpuset(name),
        lambda: SwapCpusets("a", "b"),
        lambda: Spawn(name, draw.choice(_FEW)),
        lambda: SetAffinity(name, draw.choice(_FEW).placement),
    )
    return draw.choice(makers)()


def _drawn(ctx: Context, draw: Random, steps: int, ops: int) -> Scenario:
    """A scenario of ops drawn at random, of which those are kept that the ledger takes."""
    backdrop = Backdrop((CgroupDef("a", works=None), CgroupDef("b", works=_ONE)))
    made: list[Step] = []
    for _ in range(steps):
        kept: tuple[Op, ...] = ()
        while len(kept) < ops:
            step = Step(ops=(*kept, _op(draw)), hold=Fixed(0.01))
            try:
                check_scenario(Scenario((*made, step), backdrop), ctx.topology, 1)
            except UsageError:
                continue
            kept = step.ops
        made.append(Step(ops=kept, hold=Fixed(0.01)))
    return Scenario(tuple(made), backdrop)


@ktstr.test(checks=_ANY)
def what_the_ledger_takes_can_be_played(ctx: Context) -> None:
    """No scenario that was found to be possible is refused by the kernel; the machine is whole."""
    whole = _online()
    for number in range(4):
        played = ctx.run(_drawn(ctx, ctx.random(f"scenario {number}"), steps=3, ops=8))
        _complete(played)
        assert _online() == whole, _online()

# SPDX-License-Identifier: Apache-2.0
"""Tests whose authors look at the finished run: one that is content, and two that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr import CgroupDef, CpuSpin, Exact, Fixed, Work, defs, scenario, test

if TYPE_CHECKING:
    from ktstr import Context, Scenario, TopologyView
    from ktstr.after.finished import Finished

_ONE = (Work(CpuSpin(), workers=1),)


def twice_as_much(run: Finished) -> str | None:
    """Of two cgroups on CPUs of their own, none has twice the other's work."""
    left, right = (run.figure("work_units", name) for name in ("left", "right"))
    if max(left, right) > 2 * min(left, right):
        return f"left did {left:.0f} units of work, right {right:.0f}"
    return None


def one_worker_more(run: Finished) -> list[str]:
    """Always something to say: by what is known of a worker, a step, and a note."""
    (step,) = run.steps
    lived = [worker for worker in run.workers if worker.started_ns < step.ended_ns]
    return [f"{len(lived)} workers, and {run.notes['wanted']} are wanted"]


def mistaken(run: Finished) -> None:
    """Asks for what there is not."""
    run.figure("work_unitz", "left")


_HALVES = (
    CgroupDef("left", Exact(frozenset({0})), _ONE),
    CgroupDef("right", Exact(frozenset({1})), _ONE),
)


@scenario(duration=0.3, after=twice_as_much)
def content(machine: TopologyView) -> Scenario:
    """Its author finds nothing."""
    return defs(*_HALVES)


@test(after=one_worker_more)
def finds_fault(ctx: Context) -> None:
    """Passes by itself, and fails by what its author sees."""
    ctx.note("wanted", 3)
    ctx.run(*_HALVES, hold=Fixed(0.2))


@scenario(duration=0.2, after=mistaken)
def has_a_mistake(machine: TopologyView) -> Scenario:
    """Its author is mistaken."""
    return defs(*_HALVES)

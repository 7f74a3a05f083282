# SPDX-License-Identifier: Apache-2.0
"""A scheduler that is declared by a pattern of its ops' name, and the ways in which it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr import (
    CgroupDef,
    ExpectFail,
    Kind,
    RestartScheduler,
    Scenario,
    Step,
    TopologyView,
    defs,
    scenario,
    test,
)

if TYPE_CHECKING:
    from ktstr import Context


@scenario(duration=1.0)
def lives_twice(machine: TopologyView) -> Scenario:
    """Each life is known by the pattern."""
    step = Step(setup=(CgroupDef("cg_0"),))
    return Scenario(steps=(step, Step(setup=(CgroupDef("cg_1"),), ops=(RestartScheduler(),))))


@test()
def is_known_to_a_function(ctx: Context) -> None:
    """The process of the function looks for it by the pattern, too."""
    ctx.run(CgroupDef("cg_0"))


@scenario(
    duration=2.0,
    scheduler_args=("--set", "give_up_after_ns=500000000"),
    expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, "gave up without an argument"),
)
def gives_up_without_an_argument(machine: TopologyView) -> Scenario:
    """scx_error() with a text alone loads, and the text arrives."""
    return defs(CgroupDef("cg_0"))


@scenario(
    duration=2.0,
    scheduler_args=("--set", "give_up_after_ns=500000000", "--set", "say_which=1"),
    expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, " of the plain one"),
)
def gives_up_over_a_task(machine: TopologyView) -> Scenario:
    """scx_error() takes texts, the kernel's and its own."""
    return defs(CgroupDef("cg_0"))


@scenario(
    scheduler_args=("--set", "ops.timeout_ms=30001"),
    expect_fail=ExpectFail(
        Kind.SCHEDULER_NOT_LOADED, "ops.timeout_ms is 30001; the kernel takes 30000 at most"
    ),
)
def is_too_patient(machine: TopologyView) -> Scenario:
    """The kernel would say no more than `Argument list too long`."""
    return defs(CgroupDef("cg_0"))

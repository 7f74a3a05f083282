# SPDX-License-Identifier: Apache-2.0
"""Parts of a scheduler's state that pointers lead to, in an arena, from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr import (
    CgroupDef,
    Fixed,
    MapValue,
    OnTimeout,
    Scenario,
    SetMap,
    Step,
    TopologyView,
    WaitFor,
    it,
    scenario,
    test,
)
from ktstr.model.errors import NoSuchName

if TYPE_CHECKING:
    from ktstr import Context


@test()
def a_list_in_an_arena(ctx: Context) -> None:
    """Its elements by the pointers from one to the next, and what is behind the last."""
    globals_ = ctx.map(".bss")
    assert globals_.read(0, "first.value") == 11
    assert globals_.read(0, "first.next.value") == 33
    assert globals_.read(0, "first[3]").value == 33
    ctx.claim("the second piece", globals_.read(0, "first.next.value")).equals(33)
    globals_.write(0, "first.next.value", 44)
    assert globals_.read(0, "first.next.value") == 44
    try:
        globals_.read(0, "first.next.next.value")
    except NoSuchName as error:
        assert "is NULL" in str(error), error
    else:
        raise AssertionError("nothing is behind the last piece")


@scenario(duration=1.0)
def a_value_in_an_arena_is_waited_for(machine: TopologyView) -> Scenario:
    """It is set from outside, too."""
    del machine
    seen = WaitFor(MapValue(".bss", 0, "first.next.value", it.equals(44)), 1.0, OnTimeout.FAIL)
    return Scenario(
        (
            Step(
                (CgroupDef("cg_0"),),
                ops=(SetMap(".bss", 0, "first.next.value", 44), seen),
                hold=Fixed(0.2),
            ),
        )
    )

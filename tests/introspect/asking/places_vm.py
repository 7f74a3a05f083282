# SPDX-License-Identifier: Apache-2.0
"""Entries by keys that are structures, and parts that pointers lead to, in an arena."""

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


@test()
def an_entry_by_the_members_of_its_key(ctx: Context) -> None:
    """`struct part {u32 low; s32 high;}`."""
    assert ctx.map("by_part")[3, -3] == 77
    ctx.map("by_part").write((3, -3), "", 78)
    assert ctx.map("by_part")[3, -3] == 78
    for key, words in (((3, 3), "has no element"), ((3,), "has 2 numbers, not 1: low, high")):
        try:
            ctx.map("by_part").read(key)
        except NoSuchName as error:
            assert words in str(error), error
        else:
            raise AssertionError(f"there is no {key}")


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

# SPDX-License-Identifier: Apache-2.0
"""Modules and functions see the target's environment, on the host and in the guest."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ktstr import CgroupDef, Scenario, TopologyView, defs, scenario, test

if TYPE_CHECKING:
    from ktstr import Context

_SEEN = {name: os.environ.get(name) for name in ("SCRIPT", "TEAM_PROFILE")}


def _check(seen: dict[str, str | None]) -> None:
    expected = {"SCRIPT": "tests/rules/settings/script.sh", "TEAM_PROFILE": "nightly = 1"}
    if seen != expected:
        raise AssertionError(f"the environment has {seen}, expected {expected}")


@scenario(duration=0.1)
def on_the_host(machine: TopologyView) -> Scenario:
    """The module was imported, and this is called, on the host."""
    _check(_SEEN)
    return defs(CgroupDef("cg"))


@test()
def in_the_guest(ctx: Context) -> None:
    """The module is imported once more in the guest, whose own variables stay what they are."""
    _check(_SEEN)
    if os.environ["HOME"] != "/root":
        raise AssertionError(f"HOME is {os.environ['HOME']}, that of the host")

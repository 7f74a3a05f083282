# SPDX-License-Identifier: Apache-2.0
"""What a kernel may be built without, and which invariants then have nothing to speak of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ktstr.introspect.invariants.invariant import Invariant
from ktstr.introspect.invariants.layout import Layout


@dataclass(frozen=True)
class Option:
    """An option of a kernel's configuration.

    struct, member: what a kernel has with it alone.  words: of an invariant that speaks of it.
    """

    name: str
    struct: str
    member: str
    words: re.Pattern[str]


# kernel/sched/sched.h, include/linux/sched.h
OPTIONS = (
    Option("CONFIG_UCLAMP_TASK", "task_struct", "uclamp", re.compile(r"uclamp")),
    Option("CONFIG_SCHED_CLASS_EXT", "task_struct", "scx", re.compile(r"scx|ext_server")),
    Option(
        "CONFIG_FAIR_GROUP_SCHED",
        "sched_entity",
        "my_q",
        re.compile(
            r"my_q|\bparent\b|\.depth|\.cfs_rq\b|\.tg\b|leaf|on_list|tmp_alone|h_load|cfs\.rq"
        ),
    ),
    Option(
        "CONFIG_CFS_BANDWIDTH", "cfs_rq", "throttled", re.compile(r"throttle|bandwidth|runtime_en")
    ),
)


def not_built(invariant: Invariant, layout: Layout) -> str:
    """The option that a kernel was built without, for which it lacks an invariant; or empty."""
    for option in OPTIONS:
        if option.words.search(_text(invariant)) and not layout.has_field(
            option.struct, option.member
        ):
            return option.name
    return ""


def _text(invariant: Invariant) -> str:
    """All that it is written in."""
    parts = [invariant.given, invariant.holds, *invariant.names.values()]
    for instant in invariant.at:
        parts += [*instant.functions, *instant.names.values()]
    return "\n".join(parts)

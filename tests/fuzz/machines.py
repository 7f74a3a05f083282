# SPDX-License-Identifier: Apache-2.0
"""Grammars of small machines, and a program that plays trials without a guest."""

from __future__ import annotations

from ktstr.fuzz.grammar import Family, Grammar, Knob
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.plan import SchedulerPlan

SCHEDULER = SchedulerPlan("subject", ("/scheduler/subject",), "subject", control=True)
KNOB = Knob("error_after_ns", (0, 1))


def grammar(topology: str = "1n2l2c1t", *, scheduled: bool = True) -> Grammar:
    """All families, on a machine."""
    view = TopologyView.of(Topology.parse(topology))
    return Grammar(
        view,
        SCHEDULER if scheduled else None,
        frozenset(Family),
        (KNOB,) if scheduled else (),
    )

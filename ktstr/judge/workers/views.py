# SPDX-License-Identifier: Apache-2.0
"""The topology that was asked for, and the one that the guest saw."""

from __future__ import annotations

from dataclasses import replace

from ktstr.model.facts import Hello
from ktstr.model.machine.cpulist import parse_cpulist
from ktstr.model.machine.topology import TopologyView, differing
from ktstr.model.plan import Plan


def seen_view(hello: Hello) -> TopologyView:
    """The topology that the guest read from its sysfs.

    Raises:
        UsageError: a CPU list is malformed.
    """
    llcs, cores = (
        tuple(sorted((parse_cpulist(part) for part in parts), key=sorted))
        for parts in (hello.llcs, hello.cores)
    )
    nodes = tuple(map(parse_cpulist, hello.nodes))
    distances = tuple(node.distances for node in hello.numa)
    return TopologyView(llcs, nodes, cores, distances, differing(hello.capacities))


def asked_view(plan: Plan) -> TopologyView:
    """The topology that the plan asks for."""
    return TopologyView.of(plan.machine)


def seen_words(plan: Plan, hello: Hello) -> str:
    """What the guest saw, as a target would ask for it; with classes where they were, or differ.

    Raises:
        UsageError: a CPU list is malformed.
    """
    view = seen_view(hello)
    if plan.machine.classes:
        view = replace(view, capacities=hello.capacities)
    return view.describe()

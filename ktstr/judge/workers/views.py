# SPDX-License-Identifier: Apache-2.0
"""The topology that was asked for, and the one that the guest saw."""

from __future__ import annotations

from ktstr.model.facts import Hello
from ktstr.model.machine.cpulist import parse_cpulist
from ktstr.model.machine.topology import CAPACITIES, TopologyView
from ktstr.model.plan import Plan

_LETTERS = {capacity: letter for letter, capacity in CAPACITIES.items()}


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
    return TopologyView(llcs, nodes, cores, distances, hello.capacities)


def asked_view(plan: Plan) -> TopologyView:
    """The topology that the plan asks for."""
    return TopologyView.of(plan.machine)


def seen_words(plan: Plan, hello: Hello) -> str:
    """What the guest saw, as a target would ask for it; with classes where they were, or differ.

    Raises:
        UsageError: a CPU list is malformed.
    """
    view = seen_view(hello)
    words = view.describe()
    uniform = "uneven" not in words
    if uniform and (plan.machine.classes or len(set(view.capacities)) > 1):
        words += _classes(view)
    return words


def _classes(view: TopologyView) -> str:
    """A letter for each LLC, `?` where its CPUs are of no class; empty: the guest tells of none."""
    cpus = sorted(view.cpus)
    if len(cpus) != len(view.capacities):
        return ""
    of = dict(zip(cpus, view.capacities, strict=True))
    found = [{of.get(cpu, 0) for cpu in llc} for llc in view.llcs]
    letters = [_LETTERS.get(min(each), "?") if len(each) == 1 else "?" for each in found]
    return f"-{''.join(letters)}"

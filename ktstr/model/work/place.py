# SPDX-License-Identifier: Apache-2.0
"""Whether a group of workers fits where it is put: its CPUs, SMT siblings and NUMA nodes."""

from __future__ import annotations

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.machine.topology import TopologyView
from ktstr.model.work.mem_policy import check_mem_nodes
from ktstr.model.work.work import AffinityKind, ExactCpus, SmtSiblingPair, Work


def check_place(work: Work, pool: frozenset[int], view: TopologyView) -> None:
    """Refuses workers that the machine, or their CPUs `pool`, cannot give what they need.

    Raises:
        UsageError: naming what was asked for and what there is.
    """
    check_affinity(work.placement, pool, view)
    for index in range(work.type.group_size):
        for where, cpus in work.type.binds(index):
            try:
                check_affinity(ExactCpus(cpus), pool, view)
            except UsageError as error:
                raise UsageError(f"{where}: {error}") from error
        if cpus := work.type.cpus_of(index):
            check_affinity(ExactCpus(cpus), pool, view)
    check_mem_nodes(work.mem_policy, pool, view)
    if len(view.nodes) < work.type.least_nodes:
        raise UsageError(
            f"{type(work.type).__name__} moves memory between NUMA nodes, and {view.describe()} "
            f"has only one"
        )


def check_affinity(affinity: AffinityKind, pool: frozenset[int], view: TopologyView) -> None:
    """Refuses an affinity that leaves no CPU of `pool`.

    Raises:
        UsageError: naming what was asked for and what there is.
    """
    if isinstance(affinity, ExactCpus) and not affinity.cpus & pool:
        raise UsageError(
            f"ExactCpus({format_cpulist(affinity.cpus)}) names none of the CPUs "
            f"{format_cpulist(pool)} that are allowed here"
        )
    if isinstance(affinity, SmtSiblingPair) and not sibling_pairs(pool, view):
        raise UsageError(
            f"SmtSiblingPair needs a core with two threads among the CPUs {format_cpulist(pool)}, "
            f"and {view.describe()} has none there"
        )


def sibling_pairs(pool: frozenset[int], view: TopologyView) -> list[tuple[int, int]]:
    """The first two threads of each core of `pool` that has two, lowest CPU first."""
    cores = sorted(sorted(core & pool) for core in view.cores)
    return [(core[0], core[1]) for core in cores if len(core) > 1]

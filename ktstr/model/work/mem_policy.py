# SPDX-License-Identifier: Apache-2.0
"""NUMA memory policies of workers, as set_mempolicy(2) has them."""

from __future__ import annotations

from enum import StrEnum

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.machine.topology import TopologyView
from ktstr.model.parameters import Parameters, parameters


class MemMode(StrEnum):
    """Where pages come from."""

    DEFAULT = "default"
    PREFERRED = "preferred"
    BIND = "bind"
    INTERLEAVE = "interleave"
    LOCAL = "local"
    PREFERRED_MANY = "preferred_many"
    WEIGHTED_INTERLEAVE = "weighted_interleave"


_WITHOUT_NODES = (MemMode.DEFAULT, MemMode.LOCAL)


@parameters
class MemPolicy(Parameters):
    """A mode, its NUMA nodes, and the flags MPOL_F_STATIC_NODES, _RELATIVE_NODES, _NUMA_BALANCING.

    DEFAULT and LOCAL take no nodes, PREFERRED takes one, the others at least one.
    """

    mode: MemMode = MemMode.DEFAULT
    nodes: frozenset[int] = frozenset()
    static_nodes: bool = False
    relative_nodes: bool = False
    numa_balancing: bool = False

    def __str__(self) -> str:
        """`bind:0-1=static`: mode, nodes, flags, as the kernel's tmpfs writes them."""
        flags = (
            ("static", self.static_nodes),
            ("relative", self.relative_nodes),
            ("balancing", self.numa_balancing),
        )
        nodes = f":{format_cpulist(self.nodes)}" if self.nodes else ""
        return f"{self.mode.value}{nodes}" + "".join(f"={name}" for name, on in flags if on)


def check_mem_policy(policy: MemPolicy) -> None:
    """Refuses what set_mempolicy(2) would refuse on every machine.

    Raises:
        UsageError: naming the policy and what is wrong with it.
    """
    mode, count = policy.mode, len(policy.nodes)
    if mode in _WITHOUT_NODES and (count or policy.static_nodes or policy.relative_nodes):
        raise UsageError(f"memory policy {policy}: {mode.value} takes neither nodes nor node flags")
    if mode not in _WITHOUT_NODES and not count:
        raise UsageError(f"memory policy {policy}: {mode.value} needs nodes")
    if mode is MemMode.PREFERRED and count != 1:
        raise UsageError(
            f"memory policy {policy}: preferred takes one node; preferred_many takes several"
        )
    if any(node < 0 for node in policy.nodes):
        raise UsageError(f"memory policy {policy}: nodes are numbered from 0")
    if policy.static_nodes and policy.relative_nodes:
        raise UsageError(f"memory policy {policy}: static_nodes and relative_nodes exclude another")
    balanced = (MemMode.BIND, MemMode.PREFERRED_MANY)
    if policy.numa_balancing and mode not in balanced:
        raise UsageError(
            f"memory policy {policy}: numa_balancing goes with bind and preferred_many only"
        )


def check_mem_nodes(policy: MemPolicy, pool: frozenset[int], view: TopologyView) -> None:
    """Refuses nodes that a worker on the CPUs `pool` could not have (spec 2.5).

    Static nodes must exist; relative ones count within what the cpuset allows, so any will do.

    Raises:
        UsageError: naming the nodes asked for, and those there are.
    """
    if not policy.nodes or policy.relative_nodes:
        return
    there = frozenset(range(len(view.nodes)))
    near = there if policy.static_nodes else view.nodes_of(pool) | _memory_only(view)
    if not policy.nodes <= near:
        where = "this machine" if policy.static_nodes else f"CPUs {format_cpulist(pool)}"
        raise UsageError(
            f"memory policy {policy}: nodes {format_cpulist(policy.nodes - near)} are not among "
            f"those of {where}: {format_cpulist(near)}"
        )


def _memory_only(view: TopologyView) -> frozenset[int]:
    return frozenset(i for i, node in enumerate(view.nodes) if not node)

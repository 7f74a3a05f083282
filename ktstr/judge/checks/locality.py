# SPDX-License-Identifier: Apache-2.0
"""min_page_locality, max_cross_node_migration_ratio, max_slow_tier_ratio: memory on NUMA nodes.

A worker's pages by node are those of its /proc/self/numa_maps at its end.
"""

from __future__ import annotations

from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import affinity_of, ordered, worker_name
from ktstr.judge.workers.windows import stranded
from ktstr.model.facts import WorkerFacts
from ktstr.model.machine.cpulist import parse_cpulist
from ktstr.model.machine.topology import TopologyView
from ktstr.model.verdict.kinds import Kind


def localities(scope: Scope) -> list[Measurement]:
    """The part of each confined worker's pages on the nodes of the CPUs that it may run on."""
    return [
        _of_own_nodes(worker, nodes, scope)
        for worker in ordered(scope.workers)
        if (nodes := _own_nodes(worker, scope.machine)) is not None
    ]


def _of_own_nodes(worker: WorkerFacts, nodes: frozenset[int], scope: Scope) -> Measurement:
    lost = stranded(worker, scope.machine.cpus, scope.presence)
    if not lost:
        return _part(worker, nodes, "on the nodes of its CPUs")
    name = worker_name(worker)
    words = f"{name} ({worker.work_type}): {lost}, so that nobody knows which nodes were its own"
    return Measurement(name, None, words)


def slow_tiers(scope: Scope) -> list[Measurement]:
    """The part of each worker's pages on nodes without CPUs."""
    slow = scope.machine.memory_nodes
    if not slow:
        return []
    return [_part(worker, slow, "on nodes without CPUs") for worker in ordered(scope.workers)]


def cross_node(scope: Scope) -> list[Measurement]:
    """The pages that NUMA balancing moved between nodes for each worker, by those that it has."""
    if len(scope.machine.nodes) < 2:
        return []
    return [_moved(worker) for worker in ordered(scope.workers)]


MIN_LOCALITY = Limit(
    "min_page_locality",
    Kind.PAGE_LOCALITY,
    "of its pages",
    localities,
    "page locality is checked but no worker is confined to CPUs: give a cgroup a cpuset or a "
    "worker an affinity, or drop the check",
)
MAX_CROSS_NODE = Limit(
    "max_cross_node_migration_ratio",
    Kind.CROSS_NODE_MIGRATION,
    "of its pages",
    cross_node,
    "moves of pages between nodes are checked but this machine has one node: take a topology with "
    "two, or drop the check",
)
MAX_SLOW_TIER = Limit(
    "max_slow_tier_ratio",
    Kind.SLOW_TIER,
    "of its pages",
    slow_tiers,
    "the slow tier is checked but every node of this machine has CPUs: give the topology a "
    "memory-only node, or drop the check",
)


def locality(worker: WorkerFacts, machine: TopologyView) -> float | None:
    """The part of a worker's pages on its own nodes; None if it has no pages or is not confined."""
    nodes = _own_nodes(worker, machine)
    return None if nodes is None else _on(worker, nodes)


def _own_nodes(worker: WorkerFacts, machine: TopologyView) -> frozenset[int] | None:
    cpuset, affinity = parse_cpulist(worker.cpuset), parse_cpulist(affinity_of(worker))
    cpus = cpuset & affinity if cpuset and affinity else cpuset or affinity
    return machine.nodes_of(cpus) if cpus else None


def _on(worker: WorkerFacts, nodes: frozenset[int]) -> float | None:
    total = sum(worker.numa_pages.values())
    return sum(worker.numa_pages.get(node, 0) for node in nodes) / total if total else None


def _part(worker: WorkerFacts, nodes: frozenset[int], where: str) -> Measurement:
    name, part = worker_name(worker), _on(worker, nodes)
    if part is None:
        words = f"{name} ({worker.work_type}): the nodes of its pages were not measured"
        return Measurement(name, None, words)
    total = sum(worker.numa_pages.values())
    words = f"{name} ({worker.work_type}) has {part:.3f} of its {total} pages {where}"
    return Measurement(name, part, words)


def _moved(worker: WorkerFacts) -> Measurement:
    name, pages = worker_name(worker), sum(worker.numa_pages.values())
    if not pages:
        words = f"{name} ({worker.work_type}): its pages were not measured"
        return Measurement(name, None, words)
    moved = worker.numa_pages_migrated
    if moved is None:
        words = (
            f"{name} ({worker.work_type}): the guest's kernel does not tell of the pages that it "
            "moved between nodes: it needs CONFIG_NUMA_BALANCING, and CONFIG_SCHED_DEBUG if it has "
            "such an option"
        )
        return Measurement(name, None, words)
    words = f"{name} ({worker.work_type}) had {moved} pages moved between nodes, and has {pages}"
    return Measurement(name, moved / pages, words)

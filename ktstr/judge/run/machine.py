# SPDX-License-Identifier: Apache-2.0
"""What the guest says it is, compared with what was asked for."""

from __future__ import annotations

from ktstr.judge.workers.views import asked_view, seen_view, seen_words
from ktstr.model.errors import UsageError
from ktstr.model.facts import PROTOCOL, Hello
from ktstr.model.machine.cpulist import format_cpulist, parse_cpulist
from ktstr.model.machine.numa import NodeFacts, NumaNode
from ktstr.model.machine.topology import Topology
from ktstr.model.plan import Plan
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind

# Of each MiB of a node's memory the kernel may keep this much at most to itself: page structures,
# its own image, and what firmware reserved.
_VISIBLE_KB = 512


def identity(plan: Plan, hello: Hello) -> list[Detail]:
    """INCONCLUSIVE when the guest speaks another protocol or was given another plan."""
    details = []
    if hello.protocol != PROTOCOL:
        message = (
            f"the guest speaks protocol {hello.protocol}, this runner {PROTOCOL}: "
            f"the initramfs was built from other sources; rebuild the target"
        )
        details.append(Detail(Kind.INFRA, message, Verdict.INCONCLUSIVE))
    if hello.plan_digest != plan.digest():
        message = (
            f"the guest read plan {hello.plan_digest[:12] or 'none'} where "
            f"{plan.digest()[:12]} was given to it"
        )
        details.append(Detail(Kind.INFRA, message, Verdict.INCONCLUSIVE))
    return details


def topology(plan: Plan, hello: Hello) -> list[Detail]:
    """INCONCLUSIVE when the guest does not have the topology that the test is about."""
    machine, asked = plan.machine, asked_view(plan)
    try:
        seen, online = seen_view(hello), parse_cpulist(hello.online)
    except UsageError as error:
        message = f"the guest's topology cannot be read: {error}"
        return [Detail(Kind.TOPOLOGY, message, Verdict.INCONCLUSIVE)]
    differences = [
        f"{what} {_sets(found)} where {_sets(wanted)} was asked"
        for what, found, wanted in (
            ("online CPUs", (online,), (asked.cpus,)),
            ("LLCs", seen.llcs, asked.llcs),
            ("NUMA nodes", seen.nodes, asked.nodes),
            ("cores", seen.cores, asked.cores),
        )
        if sorted(map(sorted, found)) != sorted(map(sorted, wanted))
    ]
    if not differences and seen.nodes != asked.nodes:
        # Nodes have numbers, which cpusets, memory policies and checks go by.
        found, wanted = _sets(seen.nodes, "-"), _sets(asked.nodes, "-")
        differences.append(f"NUMA nodes in the order {found} where {wanted} was asked")
    differences += _numa(machine, hello)
    # without classes all are alike, whether the kernel tells it or not
    most = max(hello.capacities, default=0)
    capacities = asked.capacities or (most,) * len(hello.capacities)
    if hello.capacities != capacities:
        found, wanted = _numbers(hello.capacities), _numbers(capacities)
        differences.append(f"capacities of CPUs {found} where {wanted} was asked")
    if not differences:
        return []
    message = f"the guest is not {plan.topology} but {seen_words(plan, hello)}: "
    message += "; ".join(differences)
    return [Detail(Kind.TOPOLOGY, message, Verdict.INCONCLUSIVE)]


def _numa(machine: Topology, hello: Hello) -> list[str]:
    """What the guest sees of its nodes otherwise than asked."""
    if machine.nodes == 1 and machine.layout is None:
        return []
    if len(hello.numa) != machine.nodes:
        return [f"{len(hello.numa)} NUMA nodes are described where {machine.nodes} were asked"]
    seen = tuple(node.distances for node in hello.numa)
    found = []
    if seen != machine.distances():
        found.append(f"NUMA distances {_rows(seen)} where {_rows(machine.distances())} was asked")
    if machine.layout is not None:
        for index, (asked, node) in enumerate(zip(machine.layout.nodes, hello.numa, strict=True)):
            found += [f"node {index}: {each}" for each in _node(asked, node)]
    return found


def _node(asked: NumaNode, seen: NodeFacts) -> list[str]:
    found = []
    # the kernel keeps a part of its memory to itself
    wanted_kb, at_least = asked.memory_mb << 10, asked.memory_mb * _VISIBLE_KB
    if asked.memory_mb and not at_least <= seen.memory_kb <= wanted_kb:
        found.append(f"memory {seen.memory_kb} KiB where {wanted_kb} was asked")
    cache = asked.side_cache
    for what, value, wanted in (
        ("latency in ns", seen.latency_ns, asked.latency),
        ("bandwidth in MB/s", seen.bandwidth_mb_s, asked.bandwidth),
        ("side cache in bytes", seen.side_cache_bytes, cache.size_kb << 10 if cache else 0),
        ("line of its side cache", seen.side_cache_line, cache.line_bytes if cache else 0),
    ):
        if value != wanted:
            found.append(f"{what} {value} where {wanted} was asked")
    return found


def _numbers(values: tuple[int, ...]) -> str:
    return " ".join(map(str, values)) or "none"


def _rows(distances: tuple[tuple[int, ...], ...]) -> str:
    return " | ".join(" ".join(map(str, row)) for row in distances) or "none"


def _sets(sets: tuple[frozenset[int], ...], empty: str = "") -> str:
    return " | ".join(format_cpulist(cpus) or empty for cpus in sets) or "none"

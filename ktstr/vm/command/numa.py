# SPDX-License-Identifier: Apache-2.0
"""NUMA nodes as QEMU arguments: ACPI's SRAT, SLIT, and, of a layout, HMAT."""

from __future__ import annotations

from ktstr.model.machine.numa import NumaLayout
from ktstr.model.machine.topology import Topology


def numa_arguments(topology: Topology) -> tuple[str, ...]:
    """The -numa arguments; the memory of node i is the object `m<i>`."""
    arguments = [_node(topology, node) for node in range(topology.nodes)]
    for i, row in enumerate(topology.distances()):
        arguments += [f"dist,src={i},dst={j},val={d}" for j, d in enumerate(row) if i != j]
    if topology.layout is not None:
        arguments += _hmat(topology.layout)
    return tuple(word for argument in arguments for word in ("-numa", argument))


def _node(topology: Topology, node: int) -> str:
    cpus, layout = topology.cpus_of_node(node), topology.layout
    words = [f"node,nodeid={node},memdev=m{node}"]
    if cpus:
        words.append(f"cpus={cpus[0]}-{cpus[-1]}")
    if layout is not None:
        words.append(f"initiator={layout.nearest(node)}")
    return ",".join(words)


def _hmat(layout: NumaLayout) -> list[str]:
    """Latency and bandwidth from every node with CPUs to every memory, and side caches."""
    found: list[str] = []
    latencies, bandwidths = layout.latencies(), layout.bandwidths()
    for (initiator, target), latency in latencies.items():
        where = f"hmat-lb,initiator={initiator},target={target},hierarchy=memory"
        found.append(f"{where},data-type=access-latency,latency={latency}")
        bandwidth = bandwidths[initiator, target]
        found.append(f"{where},data-type=access-bandwidth,bandwidth={bandwidth}M")
    for target, node in enumerate(layout.nodes):
        cache = node.side_cache
        if cache is not None:
            found.append(
                f"hmat-cache,node-id={target},size={cache.size_kb}K,level=1,"
                f"associativity={cache.associativity.value},policy={cache.write_policy.value},"
                f"line={cache.line_bytes}"
            )
    return found

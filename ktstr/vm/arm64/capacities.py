# SPDX-License-Identifier: Apache-2.0
"""CPUs of a device tree, told apart: clusters, caches, and how much each can do.

As Linux reads them: Documentation/devicetree/bindings/cpu/cpu-{capacity,topology}.txt.
"""

from __future__ import annotations

from ktstr.model.errors import InfraError
from ktstr.model.machine.topology import Topology
from ktstr.vm.arm64.device_tree import Node, cells, flatten, parse, text

# drivers/base/arch_topology.c scales these by the highest, which here has 1024 already
_CAPACITY = "capacity-dmips-mhz"
_LINE_BYTES, _WAYS, _LLC_BYTES = 64, 16, 1 << 20


def described(plain: bytes, topology: Topology) -> bytes:
    """The device tree of a machine whose CPUs are all alike, for the same with this topology.

    Raises:
      InfraError: it is no device tree, or one of another number of CPUs.
    """
    tree = parse(plain)
    _describe_cpus(tree, topology)
    return flatten(tree)


def _describe_cpus(tree: Node, topology: Topology) -> None:
    """Writes LLCs, clusters, threads and capacities into a tree."""
    cpus = tree.child("cpus")
    phandles = iter(range(tree.highest_phandle() + 1, 1 << 32))
    for node in [each for each in cpus.children if not each.name.startswith("cpu@")]:
        cpus.children.remove(node)
    found = {int(each.name.removeprefix("cpu@"), 16): each for each in cpus.children}
    nodes = [found[number] for number in sorted(found)]
    if len(nodes) != topology.cpus:
        raise InfraError(f"the device tree has {len(nodes)} CPUs, and {topology} {topology.cpus}")
    capacities = topology.capacities()
    for cpu, node in enumerate(nodes):
        if capacities:
            node.properties[_CAPACITY] = cells(capacities[cpu])
        node.properties.setdefault("phandle", cells(next(phandles)))
    socket = Node("socket0")
    for llc in range(topology.llcs):
        cache = Node(f"l2-cache{llc}", _cache(next(phandles)))
        cpus.children.append(cache)
        first = llc * topology.cpus_per_llc
        members = nodes[first : first + topology.cpus_per_llc]
        for node in members:
            node.properties["next-level-cache"] = cache.properties["phandle"]
        socket.children.append(_cluster(llc, members, topology.threads))
    cpus.children.append(Node("cpu-map", {}, [socket]))


def _cluster(number: int, members: list[Node], threads: int) -> Node:
    cluster = Node(f"cluster{number}")
    for core in range(len(members) // threads):
        siblings = members[core * threads : (core + 1) * threads]
        if threads == 1:
            entry = Node(f"core{core}", {"cpu": siblings[0].properties["phandle"]})
        else:
            entry = Node(f"core{core}")
            entry.children = [
                Node(f"thread{i}", {"cpu": node.properties["phandle"]})
                for i, node in enumerate(siblings)
            ]
        cluster.children.append(entry)
    return cluster


def _cache(phandle: int) -> dict[str, bytes]:
    return {
        "compatible": text("cache"),
        "cache-level": cells(2),
        "cache-size": cells(_LLC_BYTES),
        "cache-line-size": cells(_LINE_BYTES),
        "cache-sets": cells(_LLC_BYTES // (_LINE_BYTES * _WAYS)),
        "cache-unified": b"",
        "phandle": cells(phandle),
    }

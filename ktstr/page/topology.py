# SPDX-License-Identifier: Apache-2.0
"""A machine's topology as boxes in boxes: nodes, LLCs, cores, CPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import parse_cpulist
from ktstr.model.machine.topology import Topology
from ktstr.result import result_pb2


@dataclass(frozen=True)
class Cpu:
    """busy: how much of the time something ran there (0 to 1); None: nobody knows.

    capacity: what it can do beside the largest, which have 1024; None where all are alike.
    """

    number: int
    busy: float | None = None
    capacity: int | None = None

    @property
    def words(self) -> str:
        """E.g. `CPU 3, capacity 446, busy 41 %`."""
        able = "" if self.capacity is None else f", capacity {self.capacity}"
        share = "" if self.busy is None else f", busy {100 * self.busy:.0f} %"
        return f"CPU {self.number}{able}{share}"


@dataclass(frozen=True)
class Core:
    """Several CPUs are SMT siblings."""

    cpus: Sequence[Cpu]


@dataclass(frozen=True)
class Llc:
    """Cores that share their last level cache."""

    number: int
    cores: Sequence[Core]

    @property
    def words(self) -> str:
        """E.g. `LLC 1, capacity 446`."""
        found = sorted({cpu.capacity for core in self.cores for cpu in core.cpus if cpu.capacity})
        able = f", capacity {' and '.join(map(str, found))}" if found else ""
        return f"LLC {self.number}{able}"


@dataclass(frozen=True)
class Node:
    """A NUMA node; memory_mb: None where the guest did not say."""

    number: int
    llcs: Sequence[Llc]
    memory_mb: int | None = None


@dataclass(frozen=True)
class Drawn:
    """source: whose word it is."""

    nodes: Sequence[Node]
    source: str


def drawn(result: result_pb2.Result, busy: Mapping[int, float]) -> Drawn | None:
    """As the guest saw itself, else as it was asked for; None: neither can be read."""
    guest = result.guest
    try:
        if guest.nodes and guest.llcs and guest.cores:
            sets = [[parse_cpulist(text) for text in of] for of in _texts(guest)]
            memory = [each.memory_kb // 1024 for each in guest.numa]
            if not memory and len(guest.nodes) == 1:
                memory = [guest.memory_kb // 1024]
            able = _differing(sorted(frozenset[int]().union(*sets[0])), guest.capacities)
            return Drawn(_nodes(sets, memory, busy, able), "as the guest saw itself")
        return Drawn(_asked(result.identity.topology.asked, busy), "as asked for")
    except (UsageError, ValueError):
        return None


def _texts(guest: result_pb2.Guest) -> Sequence[Sequence[str]]:
    return guest.nodes, guest.llcs, guest.cores


def _differing(cpus: Sequence[int], capacities: Sequence[int]) -> Mapping[int, int]:
    """The capacity of each CPU; of none where all are alike, or it is not told of each."""
    if len(set(capacities)) < 2 or len(cpus) != len(capacities):
        return {}
    return dict(zip(cpus, capacities, strict=True))


def _nodes(
    sets: Sequence[Sequence[frozenset[int]]],
    memory: Sequence[int],
    busy: Mapping[int, float],
    able: Mapping[int, int],
) -> list[Node]:
    nodes, llcs, cores = sets
    return [
        Node(
            number,
            [
                Llc(i, [_core(core, busy, able) for core in cores if core and core <= llc & node])
                for i, llc in enumerate(llcs)
                if llc & node
            ],
            memory[number] if number < len(memory) else None,
        )
        for number, node in enumerate(nodes)
    ]


def _core(cpus: frozenset[int], busy: Mapping[int, float], able: Mapping[int, int]) -> Core:
    return Core([Cpu(cpu, busy.get(cpu), able.get(cpu)) for cpu in sorted(cpus)])


def _asked(text: str, busy: Mapping[int, float]) -> list[Node]:
    """Of a machine that is uniform but for classes of its CPUs.

    Raises:
        UsageError: the text is no topology, or one whose nodes a layout says.
    """
    shape = Topology.parse(text)
    per_core, per_llc = shape.threads, shape.threads * shape.cores
    cores = [frozenset(range(at, at + per_core)) for at in range(0, shape.cpus, per_core)]
    llcs = [frozenset(range(at, at + per_llc)) for at in range(0, shape.cpus, per_llc)]
    nodes = [frozenset(shape.cpus_of_node(node)) for node in range(shape.nodes)]
    able = _differing(range(shape.cpus), shape.capacities())
    return _nodes([nodes, llcs, cores], [], busy, able)

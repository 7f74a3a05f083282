# SPDX-License-Identifier: Apache-2.0
"""Machines whose NUMA nodes differ: LLCs, memory, speed and distances, node by node (spec 1.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ktstr.model.errors import UsageError

# The diagonal and the default rest of ACPI's SLIT, and its value for "unreachable".
LOCAL_DISTANCE = 10
REMOTE_DISTANCE = 20
UNREACHABLE = 255

# What a node says of its memory in ACPI's HMAT where the author says nothing: ns and MB/s.
_NEAR_NS, _FAR_NS = 100, 300
_NEAR_MB_S, _FAR_MB_S = 51200, 20480
# An entry of HMAT is 16 bits of a unit that its table shares; all of them set is "unreachable".
_NO_ENTRY = 0xFFFF


class Associativity(StrEnum):
    """How a memory-side cache finds a line (ACPI HMAT, cache attributes)."""

    NONE = "none"
    DIRECT = "direct"
    COMPLEX = "complex"


class WritePolicy(StrEnum):
    """What a memory-side cache does with writes (ACPI HMAT, cache attributes)."""

    NONE = "none"
    WRITE_BACK = "write-back"
    WRITE_THROUGH = "write-through"


@dataclass(frozen=True)
class SideCache:
    """A memory-side cache in front of a node's memory; `line_bytes` is the length of a line."""

    size_kb: int
    associativity: Associativity = Associativity.DIRECT
    write_policy: WritePolicy = WritePolicy.WRITE_BACK
    line_bytes: int = 64

    def __post_init__(self) -> None:
        if self.size_kb < 1:
            raise UsageError(f"side cache: size_kb is {self.size_kb}; at least 1 is needed")
        if not 1 <= self.line_bytes <= 0xFFFF:
            raise UsageError(f"side cache: line_bytes is {self.line_bytes}; 1 to 65535 fit")


@dataclass(frozen=True)
class NumaNode:
    """One node: its LLCs and memory; without LLCs it is memory alone, as CXL memory is.

    memory_mb: 0 is an equal share of what the guest needs, for nodes with CPUs only.  latency_ns
    and bandwidth_mb_s: to its memory from the nearest CPUs, 0 being the default for its kind.
    """

    llcs: int = 0
    memory_mb: int = 0
    latency_ns: int = 0
    bandwidth_mb_s: int = 0
    side_cache: SideCache | None = None

    @property
    def latency(self) -> int:
        """Nanoseconds to its memory from the nearest CPUs."""
        return self.latency_ns or (_NEAR_NS if self.llcs else _FAR_NS)

    @property
    def bandwidth(self) -> int:
        """MB/s of its memory from the nearest CPUs."""
        return self.bandwidth_mb_s or (_NEAR_MB_S if self.llcs else _FAR_MB_S)


@dataclass(frozen=True)
class NumaLayout:
    """All nodes by their numbers, and the distances between them, `distances[i][j]` as in SLIT.

    Without `distances` it is 10 within a node and 20 between any two.

    Raises:
        UsageError: no machine is like that; the node or the pair is named.
    """

    nodes: tuple[NumaNode, ...]
    distances: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        if not any(node.llcs for node in self.nodes):
            raise UsageError("numa: no node has an LLC, so the machine has no CPU")
        for i, node in enumerate(self.nodes):
            for name in ("llcs", "memory_mb", "latency_ns", "bandwidth_mb_s"):
                if getattr(node, name) < 0:
                    raise UsageError(f"numa: node {i}: {name} is {getattr(node, name)}, below 0")
            if not node.llcs and not node.memory_mb:
                raise UsageError(
                    f"numa: node {i} has neither LLCs nor memory; a node without CPUs says how "
                    f"much memory it is, in memory_mb"
                )
        if self.distances:
            check_distances(self.distances, len(self.nodes))
        for name, own, table in (
            ("latency_ns", [node.latency for node in self.nodes], self.latencies()),
            ("bandwidth_mb_s", [node.bandwidth for node in self.nodes], self.bandwidths()),
        ):
            for i, value in enumerate(own):
                if table[self.nearest(i), i] != value:
                    unit = _unit(table.values())
                    raise UsageError(
                        f"numa: node {i}: {name} is {value}; beside the largest of this machine, "
                        f"{max(table.values())}, it must be a multiple of {unit} (HMAT has 16 bits)"
                    )

    @property
    def llcs(self) -> int:
        """LLCs of the whole machine."""
        return sum(node.llcs for node in self.nodes)

    def matrix(self) -> tuple[tuple[int, ...], ...]:
        """The distances, given or default."""
        return self.distances or default_distances(len(self.nodes))

    def node_of_llc(self, llc: int) -> int:
        """The node that LLC `llc` is on: nodes take LLCs in order."""
        for index, node in enumerate(self.nodes):
            if llc < node.llcs:
                return index
            llc -= node.llcs
        raise UsageError(f"numa: the machine has {self.llcs} LLCs, so none is {llc + self.llcs}")

    def latencies(self) -> dict[tuple[int, int], int]:
        """Nanoseconds from each node with CPUs to each memory, as HMAT can state them.

        What a node says holds from its nearest CPUs; from others it scales with the distance.
        """
        rows = self.matrix()
        return _entries(
            {
                (i, j): self.nodes[j].latency * rows[i][j] // rows[self.nearest(j)][j]
                for i, j in self._pairs()
            }
        )

    def bandwidths(self) -> dict[tuple[int, int], int]:
        """MB/s from each node with CPUs to each memory, like `latencies`."""
        rows = self.matrix()
        return _entries(
            {
                (i, j): self.nodes[j].bandwidth * rows[self.nearest(j)][j] // rows[i][j]
                for i, j in self._pairs()
            }
        )

    def _pairs(self) -> list[tuple[int, int]]:
        with_cpus = [i for i, node in enumerate(self.nodes) if node.llcs]
        return [(i, j) for j in range(len(self.nodes)) for i in with_cpus]

    def nearest(self, node: int) -> int:
        """The node with CPUs that is nearest to `node`: itself where it has any."""
        if self.nodes[node].llcs:
            return node
        row = self.matrix()[node]
        return min((i for i, each in enumerate(self.nodes) if each.llcs), key=lambda i: row[i])


def _unit(values: Iterable[int]) -> int:
    """The least power of two in which the largest value is an entry."""
    unit, largest = 1, max(values)
    while largest >= _NO_ENTRY * unit:
        unit *= 2
    return unit


def _entries(table: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """The values rounded to what a table of HMAT can hold, none of them 0."""
    unit = _unit(table.values())
    return {pair: max(unit, value // unit * unit) for pair, value in table.items()}


def default_distances(nodes: int) -> tuple[tuple[int, ...], ...]:
    """10 within a node, 20 between any two."""
    return tuple(
        tuple(LOCAL_DISTANCE if i == j else REMOTE_DISTANCE for j in range(nodes))
        for i in range(nodes)
    )


def check_distances(rows: tuple[tuple[int, ...], ...], nodes: int) -> None:
    """Refuses what is no symmetric matrix of distances for `nodes` nodes.

    Raises:
        UsageError: naming the pair of nodes.
    """
    if len(rows) != nodes or any(len(row) != nodes for row in rows):
        raise UsageError(f"NUMA distances: asked for {nodes} nodes, found {list(rows)}")
    for i, row in enumerate(rows):
        for j, distance in enumerate(row):
            if i == j and distance != LOCAL_DISTANCE:
                raise UsageError(
                    f"NUMA distance of node {i} to itself is {distance}; ACPI wants 10"
                )
            if i != j and not LOCAL_DISTANCE < distance < UNREACHABLE:
                raise UsageError(f"NUMA distance {i}-{j} is {distance}; ACPI wants 11 to 254")
            if distance != rows[j][i]:
                raise UsageError(
                    f"NUMA distances {i}-{j} and {j}-{i} differ: {distance}, {rows[j][i]}"
                )


@dataclass(frozen=True)
class NodeFacts:
    """A NUMA node in sysfs: memory, distances to all nodes, and what ACPI's HMAT says of it.

    latency_ns, bandwidth_mb_s: reading from the nearest CPUs; 0, like a cache of 0 bytes: unsaid.
    """

    memory_kb: int
    distances: tuple[int, ...]
    latency_ns: int
    bandwidth_mb_s: int
    side_cache_bytes: int
    side_cache_line: int

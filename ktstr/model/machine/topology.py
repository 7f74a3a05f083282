# SPDX-License-Identifier: Apache-2.0
"""A machine's shape: NUMA nodes, LLCs, cores, threads, and the CPUs in each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ktstr.model.errors import UsageError
from ktstr.model.machine.numa import LOCAL_DISTANCE, UNREACHABLE, NumaLayout, default_distances

# More digits than any machine needs, few enough to count CPUs with.
_NUMBER = "([0-9]{1,6})"
_PATTERN = re.compile(f"{_NUMBER}n{_NUMBER}l{_NUMBER}c{_NUMBER}t(?:-([a-z]+))?")

# Classes of CPUs, and the capacity of each where the largest have 1024: as much as Arm's Cortex-A53
# does beside its A57 (446), and one between them.
CAPACITIES = {"b": 1024, "m": 768, "l": 446}
_LETTERS = {capacity: letter for letter, capacity in CAPACITIES.items()}


@dataclass(frozen=True)
class Topology:
    """A shape written `NnNlNcNt`, uniform but for its nodes where a layout says what they are.

    `llcs` counts all LLCs of the machine; `cores` are per LLC, `threads` per core.  SMT siblings
    have adjacent CPU numbers, the CPUs of an LLC are contiguous, and LLCs are dealt to nodes in
    order: without a layout LLC i is on node i // (llcs / nodes).  `-CLASSES` may follow, a letter
    of `CAPACITIES` for each LLC; without it all CPUs are alike.
    """

    nodes: int
    llcs: int
    cores: int
    threads: int
    layout: NumaLayout | None = None
    classes: str = ""

    def __post_init__(self) -> None:
        for name in ("nodes", "llcs", "cores", "threads"):
            if getattr(self, name) < 1:
                raise UsageError(f"topology {self}: {name} is 0; every axis is at least 1")
        self._check_classes()
        if self.layout is not None:
            self._check_layout(self.layout)
        elif self.llcs % self.nodes:
            raise UsageError(
                f"topology {self}: {self.llcs} LLCs do not divide over {self.nodes} NUMA nodes; "
                f"make the l axis (LLCs of the whole machine) a multiple of the n axis, or say "
                f"with `numa` what each node has"
            )

    def _check_classes(self) -> None:
        known = all(letter in CAPACITIES for letter in self.classes)
        if self.classes and (not known or len(self.classes) != self.llcs):
            raise UsageError(
                f"topology {self}: its classes are {self.classes!r}; expected one letter for each "
                f"of its {self.llcs} LLCs, b (big), m (medium) or l (LITTLE)"
            )
        if self.classes and "b" not in self.classes:
            raise UsageError(
                f"topology {self} has no big CPUs (b), and the largest are what the others are "
                f"measured by"
            )

    def _check_layout(self, layout: NumaLayout) -> None:
        for axis, asked, found in (
            ("n", self.nodes, len(layout.nodes)),
            ("l", self.llcs, layout.llcs),
        ):
            if asked != found:
                raise UsageError(
                    f"topology {self}: axis {axis} is {asked}, but the nodes of `numa` come to "
                    f"{found}"
                )

    @classmethod
    def parse(cls, text: str, layout: NumaLayout | None = None) -> Topology:
        """Reads `1n2l4c1t`, whose nodes are as in `layout` if there is one, or `1n2l2c1t-bl`.

        Raises:
            UsageError: an axis is missing, out of order, zero, or llcs do not divide over nodes;
                or text and layout contradict each other; or its classes are none.
        """
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise UsageError(
                f"topology {text!r} is not of the form NnNlNcNt, e.g. 1n2l4c1t: NUMA nodes, "
                f"LLCs of the whole machine, cores per LLC, threads per core"
            )
        nodes, llcs, cores, threads = (int(group) for group in match.groups()[:-1])
        return cls(nodes, llcs, cores, threads, layout, match[match.re.groups] or "")

    def __str__(self) -> str:
        classes = f"-{self.classes}" if self.classes else ""
        return f"{self.nodes}n{self.llcs}l{self.cores}c{self.threads}t{classes}"

    @property
    def cpus(self) -> int:
        """CPUs of the whole machine."""
        return self.llcs * self.cores * self.threads

    @property
    def cpus_per_llc(self) -> int:
        """CPUs that share one LLC."""
        return self.cores * self.threads

    def capacities(self) -> tuple[int, ...]:
        """What each CPU can do beside the largest, which have 1024; none where all are alike."""
        of_cpus = [CAPACITIES[each] for each in self.classes for _ in range(self.cpus_per_llc)]
        return differing(of_cpus)

    def llcs_of_node(self, node: int) -> int:
        """LLCs of one NUMA node."""
        return self.layout.nodes[node].llcs if self.layout else self.llcs // self.nodes

    def cpus_of_node(self, node: int) -> range:
        """The CPUs of one NUMA node: none where it is memory alone."""
        first = sum(map(self.llcs_of_node, range(node))) * self.cpus_per_llc
        return range(first, first + self.llcs_of_node(node) * self.cpus_per_llc)

    def distances(self) -> tuple[tuple[int, ...], ...]:
        """NUMA distances as in ACPI's SLIT, 10 on the diagonal."""
        return self.layout.matrix() if self.layout else default_distances(self.nodes)

    def decompose(self, cpu: int) -> tuple[int, int, int]:
        """(llc, core within the LLC, thread within the core) of `cpu`."""
        return cpu // self.cpus_per_llc, cpu // self.threads % self.cores, cpu % self.threads

    def node_of_llc(self, llc: int) -> int:
        """The NUMA node that LLC `llc` is on."""
        if self.layout is not None:
            return self.layout.node_of_llc(llc)
        return llc // self.llcs_of_node(0)


@dataclass(frozen=True)
class TopologyView:
    """The CPUs as scenarios use them, whether read off a `Topology` or seen in a guest's sysfs.

    `llcs[i]` and `nodes[i]` are the CPUs of LLC i and node i, none of a node that is memory alone;
    `cores` are the sets of SMT siblings.  `distances[i][j]` are those of the nodes, if known.
    `capacities` has what each of `cpus`, in order, can do beside the largest, which have 1024; none
    where all are alike.
    """

    llcs: tuple[frozenset[int], ...]
    nodes: tuple[frozenset[int], ...]
    cores: tuple[frozenset[int], ...]
    distances: tuple[tuple[int, ...], ...] = ()
    capacities: tuple[int, ...] = ()

    @classmethod
    def of(cls, topology: Topology) -> TopologyView:
        """What a guest with exactly this topology sees."""
        return cls(
            llcs=_chunks(topology.cpus, topology.cpus_per_llc),
            nodes=tuple(frozenset(topology.cpus_of_node(i)) for i in range(topology.nodes)),
            cores=_chunks(topology.cpus, topology.threads),
            distances=topology.distances(),
            capacities=topology.capacities(),
        )

    @property
    def cpus(self) -> frozenset[int]:
        """All CPUs."""
        return frozenset().union(*self.nodes)

    @property
    def usable_cpus(self) -> tuple[int, ...]:
        """All CPUs in order but the last, which stays free for the harness, when there are > 2."""
        ordered = tuple(sorted(self.cpus))
        return ordered[:-1] if len(ordered) > 2 else ordered

    @property
    def largest_cpus(self) -> frozenset[int]:
        """The CPUs that can do most: all of them where they are alike."""
        able = self._able()
        most = max(able.values(), default=0)
        return frozenset(cpu for cpu, each in able.items() if each == most) or self.cpus

    def _able(self) -> dict[int, int]:
        """What each CPU can do; of none where all are alike, or it is not told of each."""
        cpus = sorted(self.cpus)
        if len(cpus) != len(self.capacities):
            return {}
        return dict(zip(cpus, self.capacities, strict=True))

    def nodes_of(self, cpus: frozenset[int]) -> frozenset[int]:
        """The NUMA nodes that hold at least one of `cpus`."""
        return frozenset(i for i, node in enumerate(self.nodes) if node & cpus)

    @property
    def memory_nodes(self) -> frozenset[int]:
        """The nodes that are memory alone."""
        return frozenset(i for i, node in enumerate(self.nodes) if not node)

    def distance(self, a: int, b: int) -> int:
        """The distance from node `a` to node `b`: 255, as for the unreachable, if unknown."""
        if a < len(self.distances) and b < len(self.distances[a]):
            return self.distances[a][b]
        return LOCAL_DISTANCE if a == b else UNREACHABLE

    def describe(self) -> str:
        """`NnNlNcNt` when the shape is uniform, else a count of each level with the word uneven.

        With capacities a letter for each LLC follows, `?` for one whose CPUs are of no class.
        """
        sizes = {len(llc) for llc in self.llcs}
        threads = {len(core) for core in self.cores}
        nodes = {len(node) for node in self.nodes}
        if len(sizes) == len(threads) == len(nodes) == 1:
            smt, classes = threads.pop(), self._classes()
            return f"{len(self.nodes)}n{len(self.llcs)}l{sizes.pop() // smt}c{smt}t{classes}"
        return (
            f"uneven: {len(self.nodes)} nodes, {len(self.llcs)} LLCs, "
            f"{len(self.cores)} cores, {len(self.cpus)} CPUs"
        )

    def _classes(self) -> str:
        able = self._able()
        if not able:
            return ""
        found = [{able.get(cpu, 0) for cpu in llc} for llc in self.llcs]
        letters = [_LETTERS.get(min(each), "?") if len(each) == 1 else "?" for each in found]
        return f"-{''.join(letters)}"


def differing(capacities: Iterable[int]) -> tuple[int, ...]:
    """The capacities of CPUs; none where all are alike."""
    found = tuple(capacities)
    return found if len(set(found)) > 1 else ()


def _chunks(total: int, size: int) -> tuple[frozenset[int], ...]:
    return tuple(frozenset(range(i, i + size)) for i in range(0, total, size))

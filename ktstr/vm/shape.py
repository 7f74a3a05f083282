# SPDX-License-Identifier: Apache-2.0
"""A topology and a memory size as QEMU arguments, and what QEMU and the host can hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from ktstr.model.errors import UsageError
from ktstr.model.topology import Topology

# Without an interrupt remapping unit a guest addresses 8-bit APIC IDs, and 255 is broadcast.
_MAX_APIC_ID = 254
# Below this the kernel, its page structures and the unpacked initramfs do not fit.
_MIN_MEMORY_MIB = 256
# Less than this and the kernel may leave a node without memory out of its tables.
_MIN_NODE_MIB = 64
# Diagonal and default remote distance of ACPI's SLIT, and its value for "unreachable".
_LOCAL_DISTANCE = 10
_REMOTE_DISTANCE = 20
_MAX_DISTANCE = 254


@dataclass(frozen=True)
class Distances:
    """NUMA distances as in ACPI's SLIT: `rows[i][j]` from node i to node j, 10 on the diagonal."""

    rows: tuple[tuple[int, ...], ...]

    @classmethod
    def default(cls, nodes: int) -> Distances:
        """10 within a node, 20 between any two."""
        return cls(
            tuple(
                tuple(_LOCAL_DISTANCE if i == j else _REMOTE_DISTANCE for j in range(nodes))
                for i in range(nodes)
            )
        )

    def check(self, nodes: int) -> None:
        """Raises UsageError unless this is a symmetric matrix for `nodes` nodes."""
        if len(self.rows) != nodes or any(len(row) != nodes for row in self.rows):
            raise UsageError(f"NUMA distances: asked for {nodes} nodes, found {list(self.rows)}")
        for i, row in enumerate(self.rows):
            for j, distance in enumerate(row):
                if i == j and distance != _LOCAL_DISTANCE:
                    raise UsageError(
                        f"NUMA distance of node {i} to itself is {distance}; ACPI wants 10"
                    )
                if i != j and not _LOCAL_DISTANCE < distance <= _MAX_DISTANCE:
                    raise UsageError(f"NUMA distance {i}-{j} is {distance}; ACPI wants 11 to 254")
                if distance != self.rows[j][i]:
                    raise UsageError(
                        f"NUMA distances {i}-{j} and {j}-{i} differ: {distance}, {self.rows[j][i]}"
                    )


def node_memory(topology: Topology, memory_mib: int) -> tuple[int, ...]:
    """MiB of each node: equal shares, what is left over goes to node 0."""
    share, rest = divmod(memory_mib, topology.nodes)
    return (share + rest, *[share] * (topology.nodes - 1))


def qemu_arguments(
    topology: Topology,
    memory_mib: int,
    memory_paths: Sequence[str] | None,
    distances: Distances | None = None,
) -> tuple[str, ...]:
    """The -machine, -smp, -m, -object and -numa arguments.

    An LLC of the topology is a QEMU die, a node is a socket; QEMU numbers CPUs threads first, then
    cores, dies and sockets, which is the numbering of `Topology`. Each node's memory is one shared
    file: `memory_paths` has one path per node; with None QEMU makes files without a name.

    Raises:
      UsageError: distances that ACPI cannot express.
      ValueError: not one memory path per node.
    """
    if memory_paths is not None and len(memory_paths) != topology.nodes:
        raise ValueError(f"{len(memory_paths)} memory paths for {topology.nodes} nodes")
    smp = (
        f"{topology.cpus},sockets={topology.nodes},dies={topology.llcs_per_node},"
        f"cores={topology.cores},threads={topology.threads}"
    )
    memory: list[str] = []
    for node, size in enumerate(node_memory(topology, memory_mib)):
        options = f"id=m{node},size={size}M,share=on"
        if memory_paths is None:
            memory += ["-object", f"memory-backend-memfd,{options}"]
        else:
            memory += ["-object", f"memory-backend-file,mem-path={memory_paths[node]},{options}"]
    machine = "q35,memory-backend=m0" if topology.nodes == 1 else "q35"
    numa = () if topology.nodes == 1 else _numa_arguments(topology, distances)
    return ("-machine", machine, "-smp", smp, "-m", f"{memory_mib}M", *memory, *numa)


def check_limits(
    topology: Topology, memory_mib: int, *, kernel_cpus: int, available_mib: int
) -> None:
    """Raises UsageError when QEMU, the kernel or the host's memory cannot hold the machine.

    Args:
      topology: the machine asked for.
      memory_mib: its memory.
      kernel_cpus: CONFIG_NR_CPUS of the kernel to boot.
      available_mib: memory that the host can give without swapping.
    """
    highest = _highest_apic_id(topology)
    if highest > _MAX_APIC_ID:
        raise UsageError(
            f"topology {topology} needs APIC ID {highest}, found room for {_MAX_APIC_ID}: every "
            f"axis is rounded up to a power of two there. Take fewer CPUs, or axes that are powers "
            f"of two"
        )
    if topology.cpus > kernel_cpus:
        raise UsageError(
            f"topology {topology} has {topology.cpus} CPUs, the kernel was built for {kernel_cpus} "
            f"(CONFIG_NR_CPUS); raise it in the kernel's config fragment or take fewer CPUs"
        )
    needed = max(_MIN_MEMORY_MIB, _MIN_NODE_MIB * topology.nodes)
    if memory_mib < needed:
        raise UsageError(
            f"memory of {memory_mib} MiB is too little for {topology}: at least {needed} MiB "
            f"({_MIN_MEMORY_MIB} for the guest, {_MIN_NODE_MIB} for each node)"
        )
    if memory_mib > available_mib:
        raise UsageError(
            f"memory of {memory_mib} MiB asked for, {available_mib} MiB are available on this "
            f"machine (MemAvailable of /proc/meminfo); lower the target's memory, or run fewer "
            f"tests at once (--local_test_jobs)"
        )


def available_memory_mib() -> int:
    """What the host can give to a guest without swapping."""
    return int(psutil.virtual_memory().available) >> 20


def _numa_arguments(topology: Topology, distances: Distances | None) -> tuple[str, ...]:
    chosen = distances or Distances.default(topology.nodes)
    chosen.check(topology.nodes)
    arguments: list[str] = []
    per_node = topology.cpus // topology.nodes
    for node in range(topology.nodes):
        cpus = f"{node * per_node}-{(node + 1) * per_node - 1}"
        arguments += ["-numa", f"node,nodeid={node},memdev=m{node},cpus={cpus}"]
    for i, row in enumerate(chosen.rows):
        for j, distance in enumerate(row):
            if i != j:
                arguments += ["-numa", f"dist,src={i},dst={j},val={distance}"]
    return tuple(arguments)


def _highest_apic_id(topology: Topology) -> int:
    """QEMU packs thread, core, die and socket into fields of whole bits (hw/i386/topology.h)."""
    result = topology.nodes - 1
    for axis in (topology.llcs_per_node, topology.cores, topology.threads):
        result = result << (axis - 1).bit_length() | axis - 1
    return result

# SPDX-License-Identifier: Apache-2.0
"""A topology and a memory size as QEMU arguments, and what QEMU and the host can hold."""

from __future__ import annotations

from collections.abc import Sequence

import psutil

from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology
from ktstr.vm.command.numa import numa_arguments
from ktstr.vm.command.option import option_value
from ktstr.vm.qemu import Arch

# Without an interrupt remapping unit a guest addresses 8-bit APIC IDs, and 255 is broadcast.
_MAX_APIC_ID = 254
# Below this the kernel, its page structures and the unpacked initramfs do not fit.
_MIN_MEMORY_MIB = 256
# Less than this and the kernel may leave a node without memory out of its tables.
_MIN_NODE_MIB = 64


class HostTooSmall(UsageError):
    """This host cannot hold the machine now: another one, or this one later, may."""


def node_memory(topology: Topology, memory_mib: int) -> tuple[int, ...]:
    """MiB of each node, where the guest needs `memory_mib` on nodes with CPUs.

    Equal shares, what is left over goes to the first; nodes of a layout that say what they have
    get that, and memory beside the CPUs comes on top.
    """
    layout = topology.layout
    given = [node.memory_mb for node in layout.nodes] if layout else [0] * topology.nodes
    sharing = [i for i, size in enumerate(given) if not size]
    if not sharing:
        return tuple(given)
    with_cpus = sum(size for i, size in enumerate(given) if topology.llcs_of_node(i))
    least = _MIN_NODE_MIB * len(sharing) if layout else 0
    left = max(memory_mib - with_cpus, least)
    share, rest = divmod(left, len(sharing))
    for i in sharing:
        given[i] = share
    given[sharing[0]] += rest
    return tuple(given)


def qemu_arguments(
    topology: Topology,
    memory_mib: int,
    memory_paths: Sequence[str] | None,
    *,
    copy_on_write: bool = False,
    arch: Arch = Arch.X86_64,
) -> tuple[str, ...]:
    """The -machine, -smp, -m, -object and -numa arguments.

    An LLC of the topology is a QEMU die and a node a socket; with a layout each LLC is a socket, as
    sockets are all alike.  QEMU numbers CPUs threads first, then cores, dies and sockets, which is
    the numbering of `Topology`.  Each node's memory is one shared file: `memory_paths` has one path
    per node; with None QEMU makes files without a name.  With `copy_on_write` the guest starts with
    what is in the files, and what it writes does not get there.  A machine of arm64 has its shape
    from its device tree.

    Raises:
      ValueError: not one memory path per node.
    """
    if memory_paths is not None and len(memory_paths) != topology.nodes:
        raise ValueError(f"{len(memory_paths)} memory paths for {topology.nodes} nodes")
    sockets, dies = _packages(topology)
    smp = (
        f"{topology.cpus},sockets={sockets},dies={dies},"
        f"cores={topology.cores},threads={topology.threads}"
    )
    sizes = node_memory(topology, memory_mib)
    memory: list[str] = []
    for node, size in enumerate(sizes):
        options = f"id={memory_id(node)},size={size}M,{sharing(copy_on_write=copy_on_write)}"
        if memory_paths is None:
            memory += ["-object", f"memory-backend-memfd,{options}"]
        else:
            path = option_value(memory_paths[node])
            memory += ["-object", f"memory-backend-file,mem-path={path},{options}"]
    if arch is Arch.ARM64:
        # as tools/qemu/collect.py had QEMU write its device trees
        virt = "virt,gic-version=3,dtb-randomness=off,memory-backend=m0"
        return ("-machine", virt, "-smp", str(topology.cpus), "-m", f"{sum(sizes)}M", *memory)
    one = topology.nodes == 1 and topology.layout is None
    # no guest uses the HPET, and QEMU's goes on firing, 500 times a second, once Linux has left it
    machine = "q35,hpet=off" + (
        ",memory-backend=m0" if one else ",hmat=on" if topology.layout else ""
    )
    nodes = () if one else numa_arguments(topology)
    return ("-machine", machine, "-smp", smp, "-m", f"{sum(sizes)}M", *memory, *nodes)


def sharing(*, copy_on_write: bool) -> str:
    """How a file becomes a machine's memory: shared with it, or left as it is by what is written.

    rom=off: without it a file that is only read makes memory that the guest cannot write.
    """
    return "share=off,readonly=on,rom=off" if copy_on_write else "share=on"


def memory_id(node: int) -> str:
    """The id of a node's memory."""
    return f"m{node}"


def check_limits(
    topology: Topology, memory_mib: int, *, kernel_cpus: int, available_mib: int
) -> None:
    """Raises UsageError when QEMU or the kernel cannot hold the machine; HostTooSmall: the host.

    Args:
      topology: the machine asked for.
      memory_mib: what the guest needs on nodes with CPUs.
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
    sizes = node_memory(topology, memory_mib)
    beside = sum(size for node, size in enumerate(sizes) if topology.llcs_of_node(node))
    if beside < memory_mib:
        raise UsageError(
            f"topology {topology}: the nodes with CPUs have {beside} MiB together, and this guest "
            f"needs {memory_mib}; raise memory_mb of a numa_node, or leave it out to share"
        )
    for node, size in enumerate(sizes):
        if size < _MIN_NODE_MIB:
            raise UsageError(
                f"topology {topology}: node {node} has {size} MiB; the kernel wants at least "
                f"{_MIN_NODE_MIB} on each node"
            )
    if sum(sizes) > available_mib:
        raise HostTooSmall(
            f"memory of {sum(sizes)} MiB asked for, {available_mib} MiB are available on this "
            f"machine (MemAvailable of /proc/meminfo); lower the target's memory, or run fewer "
            f"tests at once (--local_test_jobs)"
        )


def available_memory_mib() -> int:
    """What the host can give to a guest without swapping."""
    return int(psutil.virtual_memory().available) >> 20


def _packages(topology: Topology) -> tuple[int, int]:
    """Sockets of the machine, and dies of each."""
    if topology.layout is not None:
        return topology.llcs, 1
    return topology.nodes, topology.llcs_of_node(0)


def _highest_apic_id(topology: Topology) -> int:
    """QEMU packs thread, core, die and socket into fields of whole bits (hw/i386/topology.h)."""
    sockets, dies = _packages(topology)
    result = sockets - 1
    for axis in (dies, topology.cores, topology.threads):
        result = result << (axis - 1).bit_length() | axis - 1
    return result

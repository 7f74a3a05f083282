# SPDX-License-Identifier: Apache-2.0
"""How much memory a target's guests get."""

from __future__ import annotations

from ktstr.machine.target import Target
from ktstr.model.machine.topology import Topology

# Spec 1.7: what a guest needs for each CPU and at least, MiB.
_PER_CPU_MIB = 64
_LEAST_MIB = 256
# The initramfs is there twice while the kernel unpacks it, as pages of the image and as files.
_INITRAMFS_COPIES = 2
# What is left for kernel, agent and workers besides.
_WORKLOAD_MIB = 160


def needed_mib(target: Target, topology: Topology, initramfs_bytes: int, disks_mib: int = 0) -> int:
    """What the guest needs: what was asked for, or CPUs, initramfs and disks if that is more.

    The saved guest of the target's machine may have more, which its clones get, too.
    """
    unpacked = _INITRAMFS_COPIES * -(-initramfs_bytes >> 20) + _WORKLOAD_MIB
    least = max(topology.cpus * _PER_CPU_MIB, _LEAST_MIB, unpacked)
    return max(least + disks_mib, target.memory_mb)


def shares_memory(topology: Topology) -> bool:
    """Whether a guest's memory follows from what it needs, not from what each of its nodes has."""
    if topology.layout is None:
        return True
    nodes = enumerate(topology.layout.nodes)
    return any(topology.llcs_of_node(i) and not node.memory_mb for i, node in nodes)

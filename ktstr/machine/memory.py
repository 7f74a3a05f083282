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


def memory_mib(target: Target, topology: Topology, initramfs_bytes: int) -> int:
    """Memory of the guest: what was asked for, or what CPUs and initramfs need if that is more."""
    unpacked = _INITRAMFS_COPIES * -(-initramfs_bytes >> 20) + _WORKLOAD_MIB
    return max(topology.cpus * _PER_CPU_MIB, _LEAST_MIB, unpacked, target.memory_mb)

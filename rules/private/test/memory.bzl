# SPDX-License-Identifier: Apache-2.0
"""The memory of a guest, which a saved one must have before it is known what tests bring into it.

ktstr/machine/memory.py tells what a target needs once its layers are there: where that is more than
here, its guests are not cloned from one that the build has saved.
"""

load(":numa.bzl", "numa_total")

visibility(["//rules/private/gauntlet", "//tests/rules/properties"])

# Spec 1.7: the least memory of a guest, in MiB, whatever its topology, and for each CPU.
LEAST_MIB = 256
_PER_CPU_MIB = 64

# Room for the workload, and twice for what a kernel unpacks when it boots: the layers of all guests,
# and a scheduler's of up to 80 MiB.
_PLAIN_MIB = 376

# What the larger of the in-tree payloads take of a guest's memory: twice their layer.
PAYLOAD_MIB = 112

# A disk that is kept in memory, with all that is on it.
DISK_MIB = 320

# What the program that starts QEMU takes besides the guest's memory, MiB.
_RUNNER_MIB = 128

# Few sizes, so that few guests are saved.
_CLASSES = [384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192]

def _class_of(mib):
    for each in _CLASSES:
        if mib <= each:
            return each
    return mib

def _shares(layout):
    """Whether some node with CPUs does not say what memory it has."""
    if not layout:
        return True
    return bool([node for node in layout["nodes"] if node["llcs"] and not node["memory_mb"]])

def shape_mib(cpus, memory_mb, payloads, disks, layout = None):
    """What a guest has on nodes with CPUs, unless its target needs more.

    Args:
      cpus: the number of CPUs of the topology.
      memory_mb: the attribute.
      payloads: how many there are.
      disks: how many there are.
      layout: what parse_numa gave; where nodes say what they have, nothing is decided here.

    Returns:
      MiB.
    """
    if not _shares(layout):
        return max(LEAST_MIB, cpus * _PER_CPU_MIB, memory_mb)
    with_disks = disks * DISK_MIB
    brought = _class_of(_PLAIN_MIB + payloads * PAYLOAD_MIB + with_disks)
    return max(memory_mb, cpus * _PER_CPU_MIB + with_disks, brought)

def guest_mib(cpus, memory_mb, payloads, disks, layout):
    """What a guest and the program that starts it take of the host's memory.

    Args:
      cpus: the number of CPUs of the topology.
      memory_mb: the attribute.
      payloads: how many there are.
      disks: how many there are.
      layout: what parse_numa gave, or None.

    Returns:
      MiB.
    """
    shape = shape_mib(cpus, memory_mb, payloads, disks, layout)
    return shape + numa_total(layout, "memory_mb") + _RUNNER_MIB

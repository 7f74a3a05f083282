# SPDX-License-Identifier: Apache-2.0
"""What a guest sees of NUMA nodes that differ, and that its memory really comes from them."""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING

import ktstr

if TYPE_CHECKING:
    from ktstr import Context

_NODES = Path("/sys/devices/system/node")
_MPOL_BIND = 2
_SET_MEMPOLICY = 238  # x86-64
_PAGES = 256


@ktstr.test(checks=ktstr.Checks(not_starved=False))
def view_and_distances(ctx: Context) -> None:
    """Two LLCs, one LLC, and memory alone, at the distances that the BUILD file gives."""
    machine = ctx.topology
    assert [len(node) for node in machine.nodes] == [4, 2, 0], machine
    assert machine.memory_nodes == {2}
    assert machine.distance(0, 2) == 25 and machine.distance(2, 1) == 21, machine.distances


@ktstr.test(checks=ktstr.Checks(not_starved=False))
def memory_alone_can_be_bound_to(ctx: Context) -> None:
    """Pages bound to the node without CPUs are on it, as the kernel counts them."""
    libc = ctypes.CDLL(None, use_errno=True)
    mask = ctypes.c_ulong(1 << 2)
    assert libc.syscall(_SET_MEMPOLICY, _MPOL_BIND, ctypes.byref(mask), 64) == 0, ctypes.get_errno()
    size = _PAGES * mmap.PAGESIZE
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as region:
        for offset in range(0, size, mmap.PAGESIZE):
            region[offset] = 1
        found = Path("/proc/self/numa_maps").read_text(encoding="ascii")
        on_node = [
            int(word.removeprefix("N2="))
            for line in found.splitlines()
            for word in line.split()
            if word.startswith("N2=")
        ]
    assert sum(on_node) >= _PAGES, found
    ctx.note("pages_on_node_2", sum(on_node))


@ktstr.test(checks=ktstr.Checks(not_starved=False))
def side_cache_is_described(ctx: Context) -> None:
    """ACPI's HMAT reaches sysfs: latency and bandwidth of every node, the cache of the last."""
    latencies = {
        node: int((_NODES / node / "access0/initiators/read_latency").read_text())
        for node in ("node0", "node1", "node2")
    }
    assert latencies == {"node0": 100, "node1": 90, "node2": 400}, latencies
    assert sorted(os.listdir(_NODES / "node2/memory_side_cache")) != []


@ktstr.scenario(checks=ktstr.Checks(isolation=True))
def a_cgroup_for_each_node_with_cpus(machine: ktstr.TopologyView) -> ktstr.Scenario:
    """Workers keep to their node."""
    with_cpus = [i for i, node in enumerate(machine.nodes) if node]
    return ktstr.defs(*(ktstr.CgroupDef(f"node_{i}", cpuset=ktstr.Numa(i)) for i in with_cpus))

# SPDX-License-Identifier: Apache-2.0
"""The machine as sysfs shows it, read with built-in modules alone: hello is made of it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CPUS = "/sys/devices/system/cpu"
_NODES = "/sys/devices/system/node"
_CACHE_LEVELS = 8


def seen_llcs() -> list[str]:
    """The CPU list of each LLC, in order of its first CPU; none if the kernel knows no caches."""
    return _distinct(_llc_of(cpu) for cpu in _online())


def seen_cores() -> list[str]:
    """The CPU list of each core's threads, in order of its first CPU."""
    where = "topology/thread_siblings_list"
    return _distinct(text_of(f"{CPUS}/cpu{cpu}/{where}") for cpu in _online())


def seen_capacities() -> list[int]:
    """What each CPU can do beside the largest, which have 1024; none if the kernel tells not."""
    texts = [text_of(f"{CPUS}/cpu{cpu}/cpu_capacity") for cpu in _online()]
    return [int(text) for text in texts] if all(texts) else []


def seen_nodes() -> list[str]:
    """The CPU list of each NUMA node, empty for memory alone."""
    return [text_of(f"{_NODES}/node{node}/cpulist") for node in _node_numbers()]


def seen_distances() -> list[list[int]]:
    """The distances from each NUMA node to all; none on a machine with one."""
    nodes = _node_numbers()
    return [_distances(node) for node in nodes] if len(nodes) > 1 else []


def seen_numa() -> list[object]:
    """`NodeFacts` of each NUMA node; none on a machine with one node and nothing to tell."""
    nodes = _node_numbers()
    if len(nodes) < 2 and not os.path.exists(f"{_NODES}/node0/access0"):
        return []
    return [_node(node, _distances(node)) for node in nodes]


def contents(path: str) -> bytes:
    """The bytes of a file; none where it is missing or cannot be read."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        data = b""
        while piece := os.read(file, 1 << 20):
            data += piece
        return data
    except OSError:
        return b""
    finally:
        os.close(file)


def text_of(path: str) -> str:
    """The text of a file without the blanks around it; empty where it is missing."""
    return contents(path).decode(errors="replace").strip()


def _online() -> list[int]:
    return _expand(text_of(f"{CPUS}/online"))


def _expand(text: str) -> list[int]:
    cpus: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return cpus


def _distinct(texts: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _llc_of(cpu: int) -> str:
    """The CPUs that share the highest cache of `cpu`; empty if the kernel knows none."""
    best, found = 0, ""
    for index in range(_CACHE_LEVELS):
        level = text_of(f"{CPUS}/cpu{cpu}/cache/index{index}/level")
        if not level:
            break
        if int(level) > best:
            best, found = int(level), text_of(f"{CPUS}/cpu{cpu}/cache/index{index}/shared_cpu_list")
    return found


def _node_numbers() -> list[int]:
    return _expand(text_of(f"{_NODES}/online"))


def _distances(node: int) -> list[int]:
    return [int(d) for d in text_of(f"{_NODES}/node{node}/distance").split()]


def _node(node: int, distances: list[int]) -> dict[str, object]:
    where = f"{_NODES}/node{node}"
    total = text_of(f"{where}/meminfo").partition("MemTotal:")[2].split()
    cache = f"{where}/memory_side_cache/index1"
    return {
        "@kind": "NodeFacts",
        "memory_kb": int(total[0]) if total else 0,
        "distances": distances,
        "latency_ns": _number(f"{where}/access0/initiators/read_latency"),
        "bandwidth_mb_s": _number(f"{where}/access0/initiators/read_bandwidth"),
        "side_cache_bytes": _number(f"{cache}/size"),
        "side_cache_line": _number(f"{cache}/line_size"),
    }


def _number(path: str) -> int:
    return int(text_of(path) or "0")

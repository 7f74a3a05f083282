# SPDX-License-Identifier: Apache-2.0
"""Snapshots with the maps of the scheduler that is attached."""

from __future__ import annotations

import json
from dataclasses import replace

from ktstr.introspect.debugger.bpf import Bpf
from ktstr.introspect.kernel.errors import BtfError, UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory, MemoryFault
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.snapshot.take import take

# Elements of each map, and bytes of all of them: a snapshot is a part of a result.
MOST_ELEMENTS = 32
MOST_BYTES = 64 << 10


def take_all(kernel: Kernel, memory: Memory, name: str = "") -> Snapshot:
    """A snapshot as `take` gives it, with `maps`. Nothing is raised for what is in the memory."""
    return with_maps(kernel, memory, take(kernel, memory, name))


def with_maps(kernel: Kernel, memory: Memory, snapshot: Snapshot) -> Snapshot:
    """The snapshot with the maps of the scheduler; unchanged where none is attached."""
    problem = ""
    kept: list[str] = []
    try:
        left = MOST_BYTES
        for each in Bpf(kernel, memory).scheduler.maps:
            text = json.dumps(each.json(MOST_ELEMENTS))
            if len(text) > left:
                text = json.dumps({"name": each.name, "id": each.number, "problem": "too large"})
            left -= len(text)
            kept.append(text)
    except (MemoryFault, UnknownName, BtfError) as error:
        problem = f"BPF maps: {error}"
    maps = f"[{', '.join(kept)}]" if kept else ""
    missing = (*snapshot.missing, problem) if problem else snapshot.missing
    return replace(snapshot, maps=maps, missing=missing)

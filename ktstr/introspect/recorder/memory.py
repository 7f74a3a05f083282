# SPDX-License-Identifier: Apache-2.0
"""A recorder's maps in the memory of a guest that stands: of one that cannot tell any more."""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.introspect.debugger.maps import Map, map_at
from ktstr.introspect.debugger.objects import Btfs, numbered
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory, MemoryFault
from ktstr.introspect.postmortem.programs import Programs
from ktstr.introspect.recorder.told import (
    RECORDS,
    STACKS,
    STATE,
    TARGETS,
    TASKS,
    Element,
    Told,
    told_of,
)
from ktstr.introspect.snapshot.view import View
from ktstr.model.errors import InfraError

_MAPS = (STATE, TARGETS, RECORDS, STACKS, TASKS)
_NAME = 16
# of one map
_MOST_BYTES = 16 << 20


def told_in(kernel: Kernel, memory: Memory) -> Told:
    """What the recorder of this guest has recorded.

    Raises:
        InfraError: there is none, or its maps cannot be read.
    """
    try:
        view = View(kernel, memory)
        found = dict(_maps(view))
        lacks = [name for name in _MAPS if name not in found]
        if lacks:
            raise InfraError(f"the guest has no recorder's map {', '.join(lacks)}")
        elements = [each for name in _MAPS for each in _elements(view, name, found[name])]
        return told_of(elements, Programs(view).where)
    except (MemoryFault, UnknownName) as error:
        raise InfraError(f"the recorder's maps cannot be read: {error}") from error


def _maps(view: View) -> Iterator[tuple[str, Map]]:
    at = view.kernel.field("bpf_map", "name").offset
    btfs = Btfs(view)
    for address in numbered(view, "map_idr"):
        name = view.text(address + at, _NAME)
        if name in _MAPS:
            yield name, map_at(view, btfs, address)


def _elements(view: View, name: str, found: Map) -> Iterator[Element]:
    if found.kind != "ARRAY":
        for key, (address, *_) in found.elements():
            number = int.from_bytes(key, "little") if isinstance(key, bytes) else key
            yield Element(name, number, view.memory.read(address, found.value_size))
        return
    # at once: there are thousands
    stride = -(-found.value_size // 8) * 8
    if found.entries * stride > _MOST_BYTES:
        raise MemoryFault("read", found.address, stride, f"{found.entries} elements of {name}")
    start = found.address + view.kernel.field("bpf_array", "value").offset
    data = view.memory.read(start, found.entries * stride)
    for number in range(found.entries):
        yield Element(name, number, data[number * stride : number * stride + found.value_size])

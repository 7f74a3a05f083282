# SPDX-License-Identifier: Apache-2.0
"""Variables that later kernels keep in a structure, so that who asks has one name for all."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory
from ktstr.model.errors import NoSuchName

_POINTER_BYTES = 8


@dataclass(frozen=True)
class _Moved:
    """A number of what a variable points to; `without` says what there is not where that is 0."""

    pointer: str
    struct: str
    member: str
    without: str


# kernel/sched/ext.c, and in 7.x kernel/sched/ext/internal.h
_MOVED = {
    "scx_watchdog_timeout": _Moved(
        "scx_root", "scx_sched", "watchdog_timeout", "no BPF scheduler is attached"
    ),
}


def moved(kernel: Kernel, memory: Memory, name: str) -> range | None:
    """The addresses of a number that this kernel keeps elsewhere than others do; else None.

    Raises:
        NoSuchName: what it is part of is not there now.
        MemoryFault: the pointer to that cannot be read.
    """
    place = _MOVED.get(name)
    if place is None or kernel.has_symbol(name) or not kernel.has_symbol(place.pointer):
        return None
    field = kernel.field(place.struct, place.member)
    pointer = kernel.symbol(place.pointer)
    start = int.from_bytes(memory.read(pointer, _POINTER_BYTES), "little")
    if not start:
        raise NoSuchName(
            f"kernel {kernel.release}: {place.without}, and {name!r} is of one "
            f"({place.pointer}->{place.member})"
        )
    return range(start + field.offset, start + field.offset + field.size)

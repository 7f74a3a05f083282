# SPDX-License-Identifier: Apache-2.0
"""What pointers in values of BPF programs lead to: in the kernel, or in an arena."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ktstr.introspect.debugger.maps import Map
from ktstr.introspect.debugger.value import Value, simple, steps_in
from ktstr.introspect.kernel.btf import Kind
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.memory.memory import Memory

# pointers on one way: a path that somebody has written has no more
_MOST = 64
# what a pointer leads to without that anybody knew how much of it there is
_NO_SIZE = (Kind.VOID, Kind.FWD, Kind.FUNC_PROTO)

Arenas = Callable[[], Iterable[Map]]


def pointee(memory: Memory, value: Value, path: str, arenas: Arenas, index: int = 0) -> Value:
    """What a pointer in a value leads to; with an index, the element of the array there.

    path: of the pointer in the value; empty where the value is one itself.  arenas: is asked for
    the maps of that kind.

    Raises:
      UnknownName: there is no such member, it is no pointer, it is NULL or leads to nothing known.
      MemoryFault: it leads nowhere.
    """
    pointer = value.btf.resolve(value.place(path).type if path else value.type)
    if pointer.kind is not Kind.PTR:
        raise UnknownName(path, f"{path or 'the value'} is no pointer")
    if value.btf.resolve(pointer.target).kind in _NO_SIZE:
        raise UnknownName(path, f"what {path or 'the pointer'} leads to has no type here")
    address = value.at(path) if path else simple(value)
    if not address:
        raise UnknownName(path, f"{path or 'the pointer'} is NULL")
    size = value.btf.size(pointer.target)
    address += size * index
    for one in arenas():
        address = one.in_arena(address)
    return Value(value.btf, pointer.target, memory.read(address, size), address)


def followed(memory: Memory, value: Value, path: str, arenas: Arenas) -> tuple[Value, str]:
    """The value that the end of a path is a part of, and which: pointers on the way are followed.

    A step behind a pointer is a member of what it leads to, or an element of the array there, as
    `->` and `[]` in C.  Raises as `pointee` does.
    """
    # what has been gone of the path since the last pointer
    inside, pointers = "", 0
    for step in steps_in(path):
        if _is_pointer(value, inside):
            pointers += 1
            if pointers > _MOST:
                raise UnknownName(path, f"{path!r} goes along more than {_MOST} pointers")
            index = step if isinstance(step, int) else 0
            value, inside = pointee(memory, value, inside, arenas, index), ""
            if isinstance(step, int):
                continue
        dot = "." if inside and isinstance(step, str) else ""
        inside += f"[{step}]" if isinstance(step, int) else f"{dot}{step}"
    return value, inside


def _is_pointer(value: Value, path: str) -> bool:
    """Raises UnknownName where there is no such member."""
    of = value.place(path).type if path else value.type
    return value.btf.resolve(of).kind is Kind.PTR

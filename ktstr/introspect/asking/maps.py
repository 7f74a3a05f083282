# SPDX-License-Identifier: Apache-2.0
"""BPF maps by their names: entries read, and set.

A name is the map's, of which the kernel keeps 15 characters.  What begins with a dot is the end of
one: libbpf names the maps of a program's globals after its file (`mine.bss`).  Where several maps
have a name, those that a scheduler uses are meant.  A field behind a pointer is one of what that
leads to, in an arena as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ktstr.introspect.asking.parts import read_part, write_part
from ktstr.introspect.debugger.maps import Map, map_at
from ktstr.introspect.debugger.objects import Btfs, numbered
from ktstr.introspect.debugger.pointers import followed
from ktstr.introspect.debugger.value import Value, variable, variables
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory, MemoryFault
from ktstr.introspect.snapshot.view import View
from ktstr.model.errors import NoSuchName
from ktstr.model.nearest import did_you_mean
from ktstr.model.wire.asking import ReadMap, WriteMap
from ktstr.model.wire.places import entry_name, parse_variable

# BPF_OBJ_NAME_LEN of include/uapi/linux/bpf.h, with a NUL at its end
_NAME = 16
_ARENA = "BPF_MAP_TYPE_ARENA"
_STRUCT_OPS = "BPF_PROG_TYPE_STRUCT_OPS"
# MAX_USED_MAPS of include/linux/bpf_verifier.h
_MOST_USED = 64


class Maps:
    """All raise UsageError for what there is not, and InfraError for what cannot be read."""

    def __init__(self, kernel: Kernel, memory: Memory) -> None:
        self._view, self._memory = View(kernel, memory), memory
        # by the place and number of the types: another scheduler's may come to lie where they were
        self._types: dict[tuple[int, int], Btfs] = {}
        # by name: place and number, which is 0 once the map is gone (bpf_map_free_id())
        self._known: dict[str, tuple[int, int]] = {}

    def read(self, asked: ReadMap) -> Any:
        """An entry or a part of it, as JSON has it; of all CPUs where each has one."""
        found = self._named(asked.map)
        what = entry_name(asked.map, asked.key, "")
        with _named_in(what):
            if not found.per_cpu:
                part = self._part(found, found.value(asked.key), asked.field, what)
                return read_part(*part, what)
            # an element of a hash is looked for once, not once for each CPU
            values = (found.value_at(address) for address in found.addresses(asked.key))
            parts = (self._part(found, value, asked.field, what) for value in values)
            return [read_part(*part, what) for part in parts]

    def write(self, asked: WriteMap) -> int:
        """Sets a number; the value that it had."""
        found = self._named(asked.map)
        if found.per_cpu != (asked.cpu is not None):
            has = "has each entry once for each CPU" if found.per_cpu else "has one for all CPUs"
            raise NoSuchName(f"map {asked.map!r} {has}: see `cpu`")
        what = entry_name(asked.map, asked.key, "")
        with _named_in(what):
            value = found.value(asked.key, asked.cpu or 0)
            part = self._part(found, value, asked.field, what)
            return write_part(*part, asked.value, self._memory, what)

    def _part(self, found: Map, value: Value, field: str, what: str) -> tuple[Value, str]:
        """The value that a field is a part of, behind all pointers on the way, and which part."""
        value, field = _variable(found, value, field, what)
        return followed(self._memory, value, field, self._arenas)

    def _arenas(self) -> Iterator[Map]:
        view = self._view
        kind = view.kernel.enumerator("bpf_map_type", _ARENA)
        for address in numbered(view, "map_idr"):
            if view.number(address, "bpf_map", "map_type") == kind:
                yield self._map(address)

    def _named(self, name: str) -> Map:
        """Raises NoSuchName where there is no map, or more than one, of this name."""
        address, number = self._known.get(name, (0, 0))
        if not number or self._view.number(address, "bpf_map", "id") != number:
            address = self._found(name)
            self._known[name] = address, self._view.number(address, "bpf_map", "id")
        return self._map(address)

    def _found(self, name: str) -> int:
        names = dict(self._names())
        if name.startswith("."):
            found = [address for address, own in names.items() if own.endswith(name)]
        else:
            found = [address for address, own in names.items() if own == name[: _NAME - 1]]
        if not found:
            there = sorted({own for own in names.values() if own})
            raise NoSuchName(
                f"no BPF map {name!r}{did_you_mean(name, there)}; there are {', '.join(there)}"
            )
        if len(found) > 1:
            used = self._used_by_schedulers()
            found = [address for address in found if address in used] or found
        if len(found) > 1:
            raise NoSuchName(f"{len(found)} BPF maps are called {name!r}: which one is meant?")
        return found[0]

    def _names(self) -> Iterator[tuple[int, str]]:
        view = self._view
        at = view.kernel.field("bpf_map", "name").offset
        for address in numbered(view, "map_idr"):
            yield address, view.text(address + at, _NAME)

    def _map(self, address: int) -> Map:
        view = self._view
        types = view.number(address, "bpf_map", "btf")
        number = view.number(types, "btf", "id") if types else 0
        btfs = self._types.setdefault((types, number), Btfs(view))
        return map_at(view, btfs, address)

    def _used_by_schedulers(self) -> set[int]:
        """Maps of struct_ops programs, and of the programs that share a map with one.

        As `Bpf.scheduler` finds them, but without the types of all, which take a second to read.
        """
        view = self._view
        kind = view.kernel.enumerator("bpf_prog_type", _STRUCT_OPS)
        programs = [
            (view.number(each, "bpf_prog", "type") == kind, set(self._used_by(each)))
            for each in numbered(view, "prog_idr")
        ]
        used = {each for is_ops, maps in programs if is_ops for each in maps}
        for _, maps in programs:
            used |= maps if maps & used else set()
        return used

    def _used_by(self, program: int) -> Iterator[int]:
        view = self._view
        aux = view.number(program, "bpf_prog", "aux")
        count = view.number(aux, "bpf_prog_aux", "used_map_cnt")
        if count > _MOST_USED:
            raise MemoryFault("walk", aux, count, f"a program that uses {count} maps")
        start = view.number(aux, "bpf_prog_aux", "used_maps")
        for index in range(count):
            yield view.u64(start + 8 * index)


@contextmanager
def _named_in(what: str) -> Iterator[None]:
    """Has an error about an entry or a part of it say of which."""
    try:
        yield
    except UnknownName as error:
        raise NoSuchName(f"{what}: {error}") from None


def _variable(found: Map, value: Value, field: str, what: str) -> tuple[Value, str]:
    """The value that a field is looked for in, and what of it is left: a section has variables.

    Raises:
      NoSuchName: it has none of this name; the nearest is named.
    """
    if not found.is_section or not field:
        return value, field
    name, way = parse_variable(field)
    inside = variable(value, name)
    if inside is None:
        there = [each for each, _ in variables(value)]
        raise NoSuchName(
            f"{what} has no variable {name!r}{did_you_mean(name, there)}: it has {', '.join(there)}"
        )
    return inside, field.removeprefix(name).removeprefix(".") if way else ""

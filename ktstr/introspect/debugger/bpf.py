# SPDX-License-Identifier: Apache-2.0
"""The BPF objects of a guest, found from outside: `bpf.map("cpu_ctx")[3].nr_queued`.

Nothing of them is asked of the guest: they are what its kernel's tables lead to at this moment.
Names are looked for among the objects of the scheduler that is attached, then among all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from ktstr.introspect.debugger.maps import Map, map_at
from ktstr.introspect.debugger.objects import Btfs, numbered
from ktstr.introspect.debugger.pointers import pointee
from ktstr.introspect.debugger.programs import Program, program_at
from ktstr.introspect.debugger.value import Value, simple, variable, variables
from ktstr.introspect.kernel.errors import BtfError, UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory, MemoryFault
from ktstr.introspect.snapshot.view import View
from ktstr.model.nearest import did_you_mean

# the second one is that of schedulers that number CPUs themselves, in 7.2
_SCHEDULERS = ("bpf_struct_ops_sched_ext_ops", "bpf_struct_ops_sched_ext_ops_cid")
_MOST = 65536
# states of a struct_ops map (enum bpf_struct_ops_state)
_IN_USE = ("BPF_STRUCT_OPS_STATE_INUSE", "BPF_STRUCT_OPS_STATE_READY")


_Object = TypeVar("_Object", Map, Program)


@dataclass(frozen=True)
class Scheduler:
    """What belongs to the scheduler that is attached: by its programs, and the maps they use."""

    maps: tuple[Map, ...] = ()
    programs: tuple[Program, ...] = ()


class Bpf:
    """The BPF objects that a guest has now; what they hold is read when it is asked for.

    problems: objects that could not be read, each with its reason.
    """

    def __init__(self, kernel: Kernel, memory: Memory) -> None:
        """Reads nothing yet.

        Raises:
          UnknownName: a kernel without BPF, or without type information.
        """
        kernel.field("bpf_map", "name")
        self.view = View(kernel, memory)
        self.problems: list[str] = []
        self._btfs = Btfs(self.view)

    @cached_property
    def maps(self) -> tuple[Map, ...]:
        """All maps, by their ids. Raises MemoryFault where the table itself cannot be read."""
        return tuple(self._read("map_idr", lambda at: map_at(self.view, self._btfs, at)))

    @cached_property
    def programs(self) -> tuple[Program, ...]:
        """All programs, by their ids. Raises as `maps` does."""
        return tuple(self._read("prog_idr", lambda at: program_at(self.view, self._btfs, at)))

    @cached_property
    def scheduler(self) -> Scheduler:
        """Of the sched_ext scheduler that is attached; empty where none is.

        Its ops are a map of programs. What came with the same types is of the same object file, and
        its own as well; so are all maps that its programs use.
        """
        ops = [one for one in self.maps if one.kind == "STRUCT_OPS" and self._is_attached(one)]
        if not ops:
            return Scheduler()
        linked = {at for one in ops for at in self._linked(one)}
        files = {one.types for one in self.programs if one.address in linked} - {0}
        programs = tuple(
            one for one in self.programs if one.address in linked or one.types in files
        )
        used = {at for one in programs for at in one.maps} | {one.address for one in ops}
        maps = tuple(one for one in self.maps if one.address in used or one.types in files)
        return Scheduler(maps, programs)

    def map(self, name: str) -> Map:
        """A map by its name, which the kernel has cut after 15 letters.

        Raises:
          UnknownName: there is none of this name, or several are.
        """
        return _one("map", name, self.scheduler.maps, self.maps)

    def program(self, name: str) -> Program:
        """A program by the name of its function. Raises as `map` does."""
        return _one("program", name, self.scheduler.programs, self.programs)

    def variable(self, name: str) -> Value:
        """A global variable of a program, as it lies in the guest; `value(name)` is what it is.

        Raises:
          UnknownName: no program has one of this name, or several have.
        """
        sections = [one for one in self.scheduler.maps if one.is_section]
        found = list(self._variables(name, sections))
        sections = [one for one in self.maps if one.is_section]
        found = found or list(self._variables(name, sections))
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownName(name, f"{len(found)} BPF programs have a variable {name!r}")
        known = [label for one in sections for label, _ in variables(one.value(0))]
        near = did_you_mean(name, known)
        raise UnknownName(name, f"no BPF program of the guest has a variable {name!r}{near}")

    def value(self, name: str) -> Any:
        """What a global variable is: a number, text, or a Value. Raises as `variable` does."""
        return simple(self.variable(name))

    def follow(self, value: Value, path: str = "") -> Value:
        """What a pointer in a value leads to: in the kernel, or in an arena of these maps.

        path: of the pointer in the value; empty where the value is one itself.

        Raises:
          UnknownName: there is no such member, it is no pointer, or it is NULL.
          MemoryFault: it leads nowhere.
        """
        return pointee(self.view.memory, value, path, self._arenas)

    def json(self, most: int = 256) -> dict[str, Any]:
        """The scheduler's objects with up to `most` elements of each map; of all, where none is.

        Raises:
          MemoryFault: the kernel's tables cannot be read.
        """
        scheduler = self.scheduler
        maps, programs = scheduler.maps or self.maps, scheduler.programs or self.programs
        return {
            "maps": [one.json(most) for one in maps],
            "programs": [one.json() for one in programs],
        } | ({"problems": self.problems} if self.problems else {})

    def _arenas(self) -> Iterator[Map]:
        return (one for one in self.maps if one.kind == "ARENA")

    def _variables(self, name: str, sections: Iterable[Map]) -> Iterator[Value]:
        for one in sections:
            found = variable(one.value(0), name)
            if found is not None:
                yield found

    def _read(self, table: str, read: Callable[[int], _Object]) -> Iterator[_Object]:
        for count, address in enumerate(numbered(self.view, table)):
            if count >= _MOST:
                self.problems.append(f"{table}: more than {_MOST} objects")
                return
            try:
                yield read(address)
            except (MemoryFault, BtfError) as problem:
                self.problems.append(f"{table}, {address:#x}: {problem}")

    def _is_attached(self, ops: Map) -> bool:
        """Whether a struct_ops map is a scheduler's, and in use."""
        view, kernel = self.view, self.view.kernel
        if not ops.ops_type or kernel.btf.head(ops.ops_type)[1] not in _SCHEDULERS:
            return False
        if not self._is_running(ops.value(0).at("name")):
            return False
        state = view.number(ops.address, "bpf_struct_ops_map", "kvalue.common.state")
        return state in {kernel.enumerator("bpf_struct_ops_state", name) for name in _IN_USE}

    def _is_running(self, name: str) -> bool:
        """Whether sched_ext has ops of this name: a map may be ready, and another one run.

        Until 6.15 it has a copy of the ops in `scx_ops`, from 6.16 on in what `scx_root` leads to.
        """
        view, kernel = self.view, self.view.kernel
        if kernel.has_symbol("scx_root"):
            root = view.u64(kernel.symbol("scx_root"))
            at = root + kernel.field("scx_sched", "ops.name").offset if root else 0
        else:
            at = kernel.symbol("scx_ops") + kernel.field("sched_ext_ops", "name").offset
        return bool(at) and view.text(at, 128) == name

    def _linked(self, ops: Map) -> Iterator[int]:
        """Programs of a struct_ops map, by the links that it holds them with."""
        view = self.view
        count = view.number(ops.address, "bpf_struct_ops_map", "funcs_cnt")
        links = view.number(ops.address, "bpf_struct_ops_map", "links")
        if count > _MOST:
            raise MemoryFault("read", links, 8 * count, f"{count} ops of map {ops.name!r}")
        for link in memoryview(view.memory.read(links, 8 * count)).cast("Q"):
            if link:
                yield view.number(link, "bpf_link", "prog")


def _one(what: str, name: str, own: Sequence[_Object], everything: Sequence[_Object]) -> _Object:
    """The only one of this name, of the scheduler's own or else of all. Raises UnknownName."""
    found = [one for one in own if one.name == name]
    found = found or [one for one in everything if one.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(str(one.number) for one in found)
        raise UnknownName(name, f"the guest has several BPF {what}s {name!r}: ids {numbers}")
    near = did_you_mean(name, [one.name for one in everything])
    raise UnknownName(name, f"the guest has no BPF {what} {name!r}{near}")

# SPDX-License-Identifier: Apache-2.0
"""The state of kernel and scheduler, as a test function asks the host for it."""

from __future__ import annotations

import json
from typing import Any

from ktstr.guest.scenario.inside import Inside
from ktstr.guest.system.view import seen_view
from ktstr.model.errors import NoSuchName
from ktstr.model.nearest import did_you_mean
from ktstr.model.scenario.inside import SetKernel, SetMap, Snapshot
from ktstr.model.validation.inside import check_entry, check_inside, check_variable
from ktstr.model.wire.asking import ReadKernel, ReadMap
from ktstr.model.wire.places import Key, entry_name


class Struct:
    """A structure as it was: `.member`, or ["member"] where that is a word of Python's."""

    def __init__(self, what: str, members: dict[str, Any]) -> None:
        self._what, self._members = what, members

    def __getattr__(self, name: str) -> Any:
        """A member: a number, text, Struct, or list of these.

        Raises:
            NoSuchName: there is none; the nearest is named.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        """See `__getattr__`."""
        if name not in self._members:
            there = ", ".join(self._members) or "none"
            near = did_you_mean(name, self._members)
            raise NoSuchName(f"{self._what} has no member {name!r}{near}; members: {there}")
        return shown(f"{self._what}.{name}", self._members[name])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Struct) and self._members == other._members

    def __repr__(self) -> str:
        return f"{self._what}: {json.dumps(self._members)}"

    __hash__ = None  # type: ignore[assignment]


def shown(what: str, value: Any) -> Any:
    """A value of JSON as a test function has it: objects are a `Struct`."""
    if isinstance(value, dict):
        return Struct(what, value)
    if isinstance(value, list):
        return [shown(f"{what}[{i}]", item) for i, item in enumerate(value)]
    return value


class KernelState:
    """The kernel's variables.  All methods raise as `ktstr.guest.system.outside.Outside.ask` does.

    `place` is a variable, or leads to a part of one: `jiffies`, `runqueues.nr_running`.  cpu:
    whose, of one that each CPU has.  type: the structure that it is, where the kernel's BTF does
    not say so: `read("init_task.comm", type="task_struct")`.
    """

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    def read(self, place: str, cpu: int | None = None, type: str = "") -> Any:
        """Its value: a number, a text, a Struct, or a list of these."""
        check_variable(place, type)
        return shown(place, self._inside.read(ReadKernel(place, cpu, type)))

    def write(self, place: str, value: int, cpu: int | None = None, type: str = "") -> None:
        """Sets it, which must be a number; the result says so."""
        op = SetKernel(place, value, cpu, type)
        check_inside(op, seen_view().cpus, attached=True)
        self._inside.set_kernel(op, None)


class MapState:
    """One of the scheduler's BPF maps, found anew by its name in each call; raises as KernelState.

    ".data", ".bss" and ".rodata" are the maps that hold a program's globals, in their entry 0.  A
    key that is a structure is the numbers of its members, in their order: `map[3, -1]`.
    """

    def __init__(self, inside: Inside, name: str) -> None:
        check_entry(name, 0, "")
        self._inside, self._name = inside, name

    def __getitem__(self, key: Key) -> Any:
        """An entry: as `KernelState.read`; of a map with one for each CPU, a list of them."""
        return self.read(key)

    def read(self, key: Key, field: str = "") -> Any:
        """An entry, or the part of it that `field` leads to: `queue.depth[2]`, `head.next.nr`."""
        check_entry(self._name, key, field)
        value = self._inside.read(ReadMap(self._name, key, field))
        return shown(entry_name(self._name, key, field), value)

    def write(self, key: Key, field: str, value: int, cpu: int | None = None) -> None:
        """Sets a number in an entry; the result says so.  cpu: whose, of a map that has several."""
        op = SetMap(self._name, key, field, value, cpu)
        check_inside(op, seen_view().cpus, attached=True)
        self._inside.set_map(op, None)


def take_snapshot(inside: Inside, name: str) -> None:
    """Keeps the guest's state of now under a name, in the result."""
    op = Snapshot(name)
    check_inside(op, seen_view().cpus, attached=True)
    inside.apply(op, None)

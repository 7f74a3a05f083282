# SPDX-License-Identifier: Apache-2.0
"""Locks by lockdep's account of them, in the layout of a kernel that has one made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.postmortem.locks import held_locks
from ktstr.introspect.postmortem.state import HeldLock
from ktstr.introspect.postmortem.waits import waits
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.snapshot.tasks import RawTasks
from ktstr.introspect.snapshot.view import View

_TASKS, _MAPS, _NAMES = (0x1000, 0x5000), 0x9000, 0xA000
_TAKEN_IN = {0x100: "cgroup_mkdir+0x5", 0x200: "css_next+0x1"}
_LOCKS, _LOCK_BYTES = 64, 48


@dataclass(frozen=True)
class _Field:
    offset: int
    size: int

    def value(self, data: bytes, at: int = 0) -> int:
        start = self.offset + at
        return int.from_bytes(data[start : start + self.size], "little")


# include/linux/lockdep_types.h and sched.h with CONFIG_PROVE_LOCKING, as far as they are read
_FIELDS = {
    ("task_struct", "held_locks"): _Field(_LOCKS, 48 * _LOCK_BYTES),
    ("held_lock", "acquire_ip"): _Field(8, 8),
    ("held_lock", "instance"): _Field(16, 8),
    ("lockdep_map", "name"): _Field(24, 8),
}


@dataclass
class _Kernel:
    """With lockdep, or without."""

    fields: dict[tuple[str, str], _Field]

    def field(self, struct: str, path: str) -> _Field:
        if (struct, path) not in self.fields:
            raise UnknownName(path, f"{struct} has no {path}")
        return self.fields[struct, path]

    def has_field(self, struct: str, path: str) -> bool:
        return (struct, path) in self.fields

    def size_of(self, struct: str) -> int:
        return {"held_lock": _LOCK_BYTES}[struct]

    def where(self, address: int) -> str:
        return _TAKEN_IN.get(address, hex(address))


@dataclass
class _Memory:
    """From 0 on; `ends` where there is no more."""

    data: bytearray = field(default_factory=lambda: bytearray(0x10000))

    def read(self, address: int, size: int) -> bytes:
        if address + size > len(self.data):
            raise MemoryFault("read", address, size, "there is no such page")
        return bytes(self.data[address : address + size])

    def write(self, address: int, data: bytes) -> None:
        self.data[address : address + len(data)] = data

    def word(self, address: int, value: int) -> None:
        self.write(address, value.to_bytes(8, "little"))


@dataclass
class _Taking:
    """What a snapshot has read before: two tasks."""

    view: View
    raw: RawTasks
    problems: list[str] = field(default_factory=list)


class LocksTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.memory = _Memory()
        for number, name in enumerate((b"cgroup_mutex", b"&rq->__lock")):
            self.memory.word(_MAPS + 0x100 * number + 24, _NAMES + 64 * number)
            self.memory.write(_NAMES + 64 * number, name + b"\0")

    def holds(self, task: int, number: int, lock: int, taken_at: int) -> None:
        """A task's lock of that number is that one."""
        place = _TASKS[task] + _LOCKS + _LOCK_BYTES * number
        self.memory.word(place + 8, taken_at)
        self.memory.word(place + 16, lock)

    def taking(self, *depths: int, fields: Any = None) -> Any:
        """Two tasks, that have so many locks."""
        raw = RawTasks()
        for number, depth in enumerate(depths):
            raw.by_address[_TASKS[number]] = {"pid": 60 + number, "lockdep_depth": depth}
            raw.names[_TASKS[number]] = f"task{number}"
        kernel: Any = _Kernel(_FIELDS if fields is None else fields)
        return _Taking(View(kernel, self.memory), raw)

    def test_all_are_told_in_the_order_of_taking_them(self) -> None:
        self.holds(0, 0, _MAPS, 0x100)
        self.holds(0, 1, _MAPS + 0x100, 0x200)
        self.holds(1, 0, _MAPS, 0x200)
        found = list(held_locks(self.taking(2, 1)))
        self.assertEqual(
            found,
            [
                HeldLock(60, "task0", "cgroup_mutex", _MAPS, "cgroup_mkdir+0x5"),
                HeldLock(60, "task0", "&rq->__lock", _MAPS + 0x100, "css_next+0x1"),
                HeldLock(61, "task1", "cgroup_mutex", _MAPS, "css_next+0x1"),
            ],
        )
        self.assertEqual(
            list(waits(Snapshot("", 0, "6.12.0"), (), found))[-1],
            "Lock cgroup_mutex is wanted by 2: task0[60], task1[61].",
        )

    @parameterized.parameters((0, 0), (-1, 0), (1 << 31, 48))
    def test_there_are_no_more_than_there_is_room_for(self, depth: int, told: int) -> None:
        for number in range(50):
            self.holds(0, number, _MAPS, 0x100)
        self.assertLen(list(held_locks(self.taking(depth))), told)

    def test_what_cannot_be_read_is_named_and_other_tasks_are_told(self) -> None:
        self.holds(0, 0, 1 << 47, 0x100)
        self.holds(1, 0, _MAPS, 0x100)
        taking = self.taking(1, 1)
        self.assertEqual([each.pid for each in held_locks(taking)], [61])
        self.assertEqual(taking.problems, ["locks of task 60: there is no such page"])

    def test_a_kernel_without_lockdep(self) -> None:
        with self.assertRaises(UnknownName):
            list(held_locks(self.taking(1, fields={})))


if __name__ == "__main__":
    absltest.main()

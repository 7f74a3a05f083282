# SPDX-License-Identifier: Apache-2.0
"""Questions to a real kernel, with its index as the build makes it and without.

What the answers are measured by is not of this code: System.map, and what init_task has in the
file, whose values are written in init/init_task.c.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.kernel import index as indexing
from ktstr.introspect.kernel.elf import Elf
from ktstr.introspect.kernel.errors import KernelFileError, UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.kernel.layout import Field

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_VMLINUX, _INDEX = _FILES["vmlinux"], _FILES["vmlinux.index"]


def _system_map() -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for line in _FILES["System.map"].read_text().splitlines():
        address, kind, name = line.split(" ", 2)
        if kind.isupper() or kind == "d":
            found.setdefault(name, set()).add(int(address, 16))
    return found


class KernelTest(absltest.TestCase):
    kernel: Kernel

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.kernel = Kernel.open(_VMLINUX, _INDEX)

    def refused(self, message: str) -> AbstractContextManager[object]:
        return self.assertRaisesRegex(UnknownName, message)

    def test_the_release(self) -> None:
        self.assertEqual(self.kernel.release, _FILES["release"].read_text().strip())

    def test_symbols_are_those_of_system_map(self) -> None:
        names = _system_map()
        single = [name for name, addresses in names.items() if len(addresses) == 1]
        self.assertGreater(len(single), 10_000)
        for name in single[::7]:
            if self.kernel.has_symbol(name):
                self.assertIn(self.kernel.symbol(name), names[name], name)
        known = [name for name in single[::7] if self.kernel.has_symbol(name)]
        self.assertGreater(len(known), 0.95 * len(single[::7]))

    def test_where_an_address_lies(self) -> None:
        schedule = self.kernel.symbol_range("schedule")
        self.assertEqual(self.kernel.where(schedule.start), "schedule+0x0")
        self.assertEqual(self.kernel.where(schedule.stop - 1), f"schedule+{len(schedule) - 1:#x}")
        self.assertNotStartsWith(self.kernel.where(schedule.stop), "schedule+")
        self.assertEqual(self.kernel.where(0x1234), "0x1234")

    def test_fields_of_init_task_as_the_file_has_it(self) -> None:
        kernel = self.kernel
        size = kernel.size_of("task_struct")
        data = kernel.elf.read(kernel.symbol("init_task"), size)
        assert data is not None

        def value(path: str) -> int:
            return kernel.field("task_struct", path).value(data)

        comm = kernel.field("task_struct", "comm")
        self.assertEqual(data[comm.offset : comm.offset + comm.size].rstrip(b"\0"), b"swapper")
        self.assertEqual(value("comm[1]"), ord("w"))
        self.assertEqual([value(name) for name in ("prio", "static_prio")], [120, 120])
        self.assertEqual(value("usage.refs.counter"), 2)
        # RR_TIMESLICE, 100 ms, in ticks of CONFIG_HZ=250
        self.assertEqual(value("rt.time_slice"), 25)
        self.assertEqual(value("real_parent"), kernel.symbol("init_task"))
        self.assertEqual(value("tasks.next"), kernel.symbol("init_task") + kernel.field(
            "task_struct", "tasks").offset)  # fmt: skip

    def test_bit_fields_anonymous_members_and_typedefs(self) -> None:
        field = self.kernel.field("task_struct", "sched_reset_on_fork")
        self.assertEqual((field.size, field.bit_size), (4, 1))
        migrated = self.kernel.field("task_struct", "sched_migrated")
        self.assertNotEqual(field, migrated)
        self.assertEqual(self.kernel.field("atomic_t", "counter"), Field(0, 4, signed=True))
        # folio's members are those of an anonymous struct in an anonymous union
        self.assertTrue(self.kernel.has_field("folio", "_mapcount"))
        self.assertEqual(self.kernel.size_of("atomic_t"), 4)

    def test_enumerators(self) -> None:
        self.assertEqual(self.kernel.enumerator("pid_type", "PIDTYPE_TGID"), 1)
        self.assertEqual(self.kernel.enumerator("", "SCX_TASK_QUEUED"), 1)
        self.assertFalse(self.kernel.has_enumerator("pid_type", "SCX_OPS_ENABLED"))

    def test_what_there_is_not_is_named_with_its_like(self) -> None:
        release = self.kernel.release
        with self.refused(
            rf"^kernel {release} has no symbol 'init_tsak' \(did you mean 'init_task'\?\)$"
        ):
            self.kernel.symbol("init_tsak")
        with self.refused(
            rf"^kernel {release}: rq has no field 'nr_runing' \(did you mean 'nr_running'\?\)$"
        ):
            self.kernel.field("rq", "nr_runing")
        with self.refused(r"rq has no field 'cfs.nr_qeued' \(did you mean '(h_)?nr_queued'\?\)"):
            self.kernel.field("rq", "cfs.nr_qeued")
        with self.refused(r"has no type 'task_strct' \(did you mean 'task_struct'\?\)"):
            self.kernel.field("task_strct", "comm")
        with self.refused(r"has no type 'task_strct'"):
            self.kernel.size_of("task_strct")
        with self.refused(r"has no enum 'pid_typ' \(did you mean 'pid_type'\?\)"):
            self.kernel.enumerator("pid_typ", "PIDTYPE_PID")
        with self.refused(r"has no enumerator 'PIDTYPE_PIT' \(did you mean 'PIDTYPE_PID'\?\)"):
            self.kernel.enumerator("pid_type", "PIDTYPE_PIT")

    def test_a_static_name_of_several_places_is_refused_with_all_of_them(self) -> None:
        several = next(
            one.name
            for one in map(self.kernel.symbols.__getitem__, self.kernel.symbols.defined())
            if len(self.kernel.symbols_named(one.name)) > 1 and not self.kernel.has_symbol(one.name)
        )
        with self.refused(rf"has \d+ static symbols '{several}': 0x"):
            self.kernel.symbol(several)


class IndexTest(absltest.TestCase):
    def test_the_same_file_gives_the_same_bytes(self) -> None:
        self.assertEqual(indexing.make(Elf(_VMLINUX)), _INDEX.read_bytes())

    def test_without_an_index_the_answers_are_the_same(self) -> None:
        with_index, without = Kernel.open(_VMLINUX, _INDEX), Kernel.open(_VMLINUX)
        self.assertEqual(with_index.symbol("schedule"), without.symbol("schedule"))
        self.assertEqual(with_index.field("rq", "curr"), without.field("rq", "curr"))

    def changed(self, name: str, source: Path, change: dict[int, bytes], size: int = -1) -> Path:
        data = bytearray(source.read_bytes())
        for at, new in change.items():
            data[at : at + len(new)] = new
        path = Path(self.create_tempdir().full_path) / name
        path.write_bytes(data[:size] if size >= 0 else data)
        return path

    def test_an_index_of_another_kernel_is_refused(self) -> None:
        notes = Elf(_VMLINUX).sections[".notes"]
        other = self.changed("vmlinux", _VMLINUX, {notes.offset + notes.size - 4: b"else"})
        with self.assertRaisesRegex(
            KernelFileError, f"^{other}: the index beside it was made of another kernel"
        ):
            Kernel.open(other, _INDEX)

    def test_files_that_are_not_what_they_should_be(self) -> None:
        no_index = self.changed("index", _INDEX, {0: b"x"})
        with self.assertRaisesRegex(KernelFileError, "is no index of a kernel"):
            Kernel.open(_VMLINUX, no_index)
        cut = self.changed("index", _INDEX, {}, size=1000)
        with self.assertRaisesRegex(KernelFileError, "its index is cut short at symbol_sums"):
            Kernel.open(_VMLINUX, cut)
        with self.assertRaisesRegex(KernelFileError, "cannot be read"):
            Kernel.open(_VMLINUX, Path("/nowhere/index"))
        with self.assertRaisesRegex(KernelFileError, "no 64-bit little-endian ELF file"):
            Kernel.open(_FILES["release"])
        with self.assertRaisesRegex(KernelFileError, "it is cut"):
            Kernel.open(self.changed("vmlinux", _VMLINUX, {}, size=1 << 20))


if __name__ == "__main__":
    absltest.main()

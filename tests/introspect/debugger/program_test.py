# SPDX-License-Identifier: Apache-2.0
"""drgn on what a kernel's file has alone: types, objects, symbols, and a stack laid out by hand."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import drgn
from absl.testing import absltest

from ktstr.introspect.debugger.declarations import DECLARATIONS, declaration, version_of
from ktstr.introspect.debugger.program import debugger, stack_of, vmcoreinfo
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.model.errors import InfraError
from tests.support.kernel_file import FileMemory

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])
_STACK = 0xFFFF_C900_0000_0000


class ProgramTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.memory = FileMemory(_KERNEL)
        self.program = debugger(_KERNEL, self.memory)

    def test_objects_of_every_kind(self) -> None:
        program = self.program
        task = program["init_task"]
        self.assertEqual(task.comm.string_(), b"swapper")
        self.assertEqual(task.prio.value_(), 120)
        self.assertEqual(task.real_parent.value_(), _KERNEL.symbol("init_task"))
        self.assertEqual(program["runqueues"].type_.type_name(), "struct rq")
        self.assertEqual(program["PIDTYPE_TGID"].value_(), 1)
        self.assertEqual(program["schedule"].address_, _KERNEL.symbol("schedule"))
        member = program.type("struct task_struct").member("sched_reset_on_fork")
        self.assertEqual(member.bit_field_size, 1)
        self.assertEqual(member.bit_offset // 8 // 4 * 4, _KERNEL.field(
            "task_struct", "sched_reset_on_fork").offset)  # fmt: skip

    def test_types_are_as_large_as_the_kernels(self) -> None:
        for name in ("task_struct", "rq", "sched_ext_entity", "cgroup", "bpf_map", "pt_regs"):
            self.assertEqual(
                drgn.sizeof(self.program.type(f"struct {name}")), _KERNEL.size_of(name), name
            )

    def test_what_is_declared_has_the_size_of_its_symbol(self) -> None:
        known = 0
        for each in DECLARATIONS:
            if not _KERNEL.has_symbol(each.name) or declaration(
                each.name, _KERNEL.release
            ) != each:  # fmt: skip
                continue
            size = len(_KERNEL.symbol_range(each.name))
            # what ends in a flexible array is larger than its type: by 96 bytes in 7.2 (init_mm)
            self.assertBetween(drgn.sizeof(self.program[each.name]), size - 96, size, each.name)
            known += 1
        self.assertGreater(known, 40)

    def test_declarations_go_by_the_kernels_version(self) -> None:
        self.assertEqual(version_of("6.12.107-ktstr"), (6, 12))
        self.assertEqual(version_of("7.2-rc1"), (7, 2))
        self.assertEqual(version_of("of unknown release"), (0, 0))
        of = {release: declaration("tk_core", release) for release in ("6.12.1", "6.14", "7.2")}
        self.assertEqual(
            [each and each.type for each in of.values()], ["struct", "struct tk_data", None]
        )

    def test_symbols_and_what_there_is_not(self) -> None:
        address = _KERNEL.symbol("schedule")
        self.assertEqual(self.program.symbol(address + 3).name, "schedule")
        with self.assertRaises(LookupError):
            self.program.object("init_tsak")
        with self.assertRaises(LookupError):
            self.program.type("struct task_strct")
        with self.assertRaisesRegex(drgn.FaultError, "neither the file nor the test has it"):
            self.program.read(0xFFFF_8880_0000_0000, 8)

    def test_a_stack_by_the_kernels_own_tables(self) -> None:
        words = (_KERNEL.symbol("do_sys_poll") + 1, _KERNEL.symbol("vfs_read") + 1, 0)
        self.memory.put(_STACK, struct.pack("<3Q", *words) + bytes(64))
        registers = {"rip": _KERNEL.symbol("schedule"), "rsp": _STACK, "rbp": 0, "cr3": 0, "r8": 1}
        trace = stack_of(self.program, registers)
        self.assertEqual([trace[i].name for i in range(3)], ["schedule", "do_sys_poll", "vfs_read"])

    def test_lines_and_variables_where_the_kernel_has_dwarf(self) -> None:
        program = debugger(_KERNEL, self.memory, dwarf=Path(os.environ["DWARF"]))
        self.memory.put(_STACK, struct.pack("<2Q", _KERNEL.symbol("vfs_read") + 1, 0) + bytes(64))
        registers = {"rip": _KERNEL.symbol("schedule"), "rsp": _STACK, "rbp": 0, "cr3": 0}
        trace = stack_of(program, registers)
        self.assertEndsWith(trace[0].source()[0], "kernel/sched/core.c")
        self.assertEqual(trace[0].locals(), ["tsk"])
        self.assertIn("file", trace[1].locals())
        # types and what BTF has are as they are without
        self.assertEqual(program["init_task"].comm.string_(), b"swapper")
        with self.assertRaises(LookupError):
            stack_of(self.program, registers)[0].source()

    def test_debug_information_of_something_else_is_refused(self) -> None:
        other = Path(self.create_tempdir().full_path) / "other.dwarf"
        other.write_bytes(Path(sys.executable).resolve().read_bytes())
        with self.assertRaisesRegex(InfraError, "other.dwarf: is it of another kernel?"):
            debugger(_KERNEL, self.memory, dwarf=other)

    def test_the_kernels_own_note_is_taken_where_it_is_whole(self) -> None:
        made = vmcoreinfo(_KERNEL, self.memory)
        self.assertIn(f"OSRELEASE={_KERNEL.release}\n".encode(), made)
        self.assertIn(b"\nKERNELOFFSET=0\n", made)
        note = f"OSRELEASE={_KERNEL.release}\nPAGESIZE=4096\nmore".encode()
        self.memory.put(_STACK, note)
        self.memory.put(_KERNEL.symbol("vmcoreinfo_data"), struct.pack("<Q", _STACK))
        self.memory.put(_KERNEL.symbol("vmcoreinfo_size"), struct.pack("<Q", len(note)))
        self.assertEqual(vmcoreinfo(_KERNEL, self.memory), note)
        self.memory.put(_STACK, b"garbage, as long as that " * 4)
        self.assertEqual(vmcoreinfo(_KERNEL, self.memory), made)


if __name__ == "__main__":
    absltest.main()

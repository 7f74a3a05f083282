# SPDX-License-Identifier: Apache-2.0
"""Stacks of a real kernel's functions, laid out by hand, sound and corrupt.

At the first instruction of a function nothing is on the stack but the address that it returns to,
and behind its first one, a push, the word that was pushed: that makes a stack without a machine.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.introspect.debugger.stacks import Stack, Unwinder
from ktstr.introspect.kernel.kernel import Kernel
from tests.support.kernel_file import FileMemory

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])
_STACK = 0xFFFF_C900_0000_0000
_BPF = 0xFFFF_FFFF_A000_0000


def _words(*words: int) -> bytes:
    return struct.pack(f"<{len(words)}Q", *words)


def _names(stack: Stack) -> list[str]:
    return [frame.name for frame in stack.frames]


def _behind(function: str) -> int:
    """An address of return that is as good as the function's first instruction."""
    return _KERNEL.symbol(function) + 1


class StacksTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.memory = FileMemory(_KERNEL)
        self.unwinder = Unwinder(_KERNEL, self.memory, lambda at: f"bpf:F+{at - _BPF:#x}")

    def at(self, function: str, *words: int, **registers: int) -> Stack:
        self.memory.put(_STACK, _words(*words) + bytes(64))
        rip = _KERNEL.symbol(function)
        return self.unwinder.running({"rip": rip, "rsp": _STACK, "rbp": 0} | registers)

    def test_calls(self) -> None:
        stack = self.at("schedule", _behind("schedule_timeout"), _behind("do_sys_poll"))
        self.assertEqual(_names(stack), ["schedule+0x0", "schedule_timeout+0x1", "do_sys_poll+0x1"])
        self.assertEqual(stack.cut, "")

    def test_a_program_of_bpf_between_the_kernels_functions(self) -> None:
        bp = _STACK + 0x20
        stack = self.at(
            "scx_bpf_kick_cpu", _BPF + 7, 0, 0, 0, 0, _behind("do_enqueue_task"), rbp=bp
        )
        self.assertEqual(
            _names(stack), ["scx_bpf_kick_cpu+0x0", "bpf:F+0x6", "do_enqueue_task+0x1"]
        )

    def test_an_interrupt(self) -> None:
        entry = _KERNEL.symbol_range("asm_sysvec_apic_timer_interrupt")
        self.memory.put(_STACK, bytes(1024))
        regs = bytearray(_KERNEL.size_of("pt_regs"))
        for name, value in {
            "ip": _KERNEL.symbol("schedule"), "cs": 0x10, "sp": _STACK + 0x200, "bp": 5,
        }.items():  # fmt: skip
            struct.pack_into("<Q", regs, _KERNEL.field("pt_regs", name).offset, value)
        self.memory.put(_STACK + 8, bytes(regs))
        self.memory.put(_STACK + 0x200, _words(_behind("do_sys_poll")))
        stacks = []
        for address in entry:
            self.memory.put(_STACK, _words(address))
            rip = _KERNEL.symbol("sysvec_apic_timer_interrupt")
            stack = self.unwinder.running({"rip": rip, "rsp": _STACK, "rbp": 0})
            stacks.append(_names(stack)[2:])
        # wherever the table says that the interrupted registers lie at the stack's top
        self.assertIn(["schedule+0x0", "do_sys_poll+0x1"], stacks)

    def test_a_task_that_sleeps(self) -> None:
        task = self.memory.put(0xFFFF_8880_0000_0000, bytes(_KERNEL.size_of("task_struct")))
        frame = bytearray(_KERNEL.size_of("inactive_task_frame"))
        at = _KERNEL.field("inactive_task_frame", "ret_addr").offset
        struct.pack_into("<Q", frame, at, _behind("schedule"))
        self.memory.put(_STACK, bytes(frame) + _words(_behind("do_sys_poll"), 0, 0))
        sp = _KERNEL.field("task_struct", "thread.sp").offset
        self.memory.put(task + sp, _words(_STACK))
        self.assertEqual(_names(self.unwinder.sleeping(task)), ["schedule+0x1", "do_sys_poll+0x1"])

    def test_what_cannot_be_walked_says_why(self) -> None:
        self.assertEqual(
            self.unwinder.running({"rip": 0x401000}), Stack((), "it runs in user space")
        )
        stack = self.unwinder.sleeping(0xFFFF_8880_0000_0000)
        self.assertEqual(stack.frames, ())
        self.assertStartsWith(stack.cut, "its stack cannot be read: ")
        rip = _KERNEL.symbol("schedule")
        stack = self.unwinder.running({"rip": rip, "rsp": 0x10, "rbp": 0})
        self.assertEqual(_names(stack), ["schedule+0x0"])
        self.assertStartsWith(stack.cut, "the stack cannot be read there: ")

    def test_a_stack_without_an_end_is_cut(self) -> None:
        self.memory.put(_STACK, _words(_BPF) * 4)
        self.memory.put(_STACK + 8, _words(_STACK))
        stack = self.at("schedule", _BPF, _STACK + 8, _BPF, rbp=_STACK + 8)
        self.assertLen(stack.frames, 128)
        self.assertEqual(stack.cut, "more than 128 frames")

    @settings(max_examples=200, deadline=None)
    @given(st.binary(min_size=64, max_size=512), st.sampled_from(["schedule", "do_sys_poll"]))
    def test_any_bytes_have_an_end(self, data: bytes, function: str) -> None:
        self.memory.put(_STACK, data)
        registers = {"rip": _KERNEL.symbol(function) + 9, "rsp": _STACK, "rbp": _STACK + 16}
        self.assertLessEqual(len(self.unwinder.running(registers).frames), 128)


if __name__ == "__main__":
    absltest.main()

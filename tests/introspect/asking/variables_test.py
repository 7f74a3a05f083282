# SPDX-License-Identifier: Apache-2.0
"""Variables of a real kernel, as its file has them: read, set, and refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.introspect.asking import moved
from ktstr.introspect.asking.variables import Variables
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.model.errors import UsageError
from ktstr.model.wire.asking import ReadKernel, WriteKernel

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}


class _Image:
    """The kernel's memory before it has run: what its file holds; what is written stays here."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel, self.written = kernel, dict[int, int]()

    def read(self, address: int, size: int) -> bytes:
        data = self._kernel.elf.read(address, size)
        if data is None:
            raise MemoryFault("read", address, size, "no section has it")
        return bytes(self.written.get(address + i, byte) for i, byte in enumerate(data))

    def write(self, address: int, data: bytes) -> None:
        self.read(address, len(data))
        self.written.update({address + i: byte for i, byte in enumerate(data)})


class VariablesTest(parameterized.TestCase):
    kernel: Kernel

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.kernel = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])

    def setUp(self) -> None:
        super().setUp()
        self.image = _Image(self.kernel)
        self.variables = Variables(self.kernel, self.image)

    def read(self, place: str, cpu: int | None = None, type: str = "") -> object:
        return self.variables.read(ReadKernel(place, cpu, type))

    def test_numbers_of_which_nobody_knows_the_type(self) -> None:
        # kernel/panic.c; INITIAL_JIFFIES of include/linux/jiffies.h: five minutes before it wraps
        self.assertEqual(self.read("panic_timeout"), 0)
        self.assertEqual(self.read("jiffies"), (1 << 32) - 300 * 250)

    def test_a_structure(self) -> None:
        # init/init_task.c
        self.assertEqual(self.read("init_task.comm"), "swapper")
        self.assertEqual(self.read("init_task.prio"), 120)
        self.assertEqual(self.read("init_task.comm", type="task_struct"), "swapper")
        self.assertEqual(self.read("init_task.sched_info"), self.read("init_task.sched_info"))

    def test_a_number_is_set(self) -> None:
        self.assertEqual(self.variables.write(WriteKernel("panic_timeout", -1)), 0)
        self.assertEqual(self.read("panic_timeout"), (1 << 32) - 1)
        self.assertEqual(self.variables.write(WriteKernel("init_task.prio", 90)), 120)
        found = self.read("init_task.prio"), self.read("init_task.static_prio")
        self.assertEqual(found, (90, 120))

    @parameterized.parameters(
        ("jiffiez", {}, r"no symbol 'jiffiez' \(did you mean 'jiffies"),
        (
            "init_task.com",
            {},
            r"^kernel \d\.\S+: init_task\.com: task_struct has no member",
        ),
        ("runqueues.cpu", {}, r"each CPU has: say whose, with `cpu`"),
        ("jiffies", {"cpu": 0}, r"one variable for all CPUs"),
        ("runqueues.cpu", {"cpu": 1 << 20}, r"no CPU 1048576, but \d+ at most"),
        ("init_task.comm", {"type": "task_strukt"}, r"no type 'task_strukt'.*task_struct"),
        ("console_drivers_none", {}, r"no symbol"),
        ("init_task", {"type": "fpregs_state"}, r"more parts than an answer holds"),
    )
    def test_what_is_refused(self, place: str, more: dict[str, Any], words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            self.read(place, **more)

    def test_what_cannot_be_set(self) -> None:
        for place, value, words in (
            ("panic_timeout", 1 << 32, "does not fit"),
            ("init_task.prio", 1 << 40, "does not fit"),
            ("init_task.comm", 1, "is no number"),
            ("init_task.se", 1, "is no number"),
        ):
            with self.assertRaisesRegex(UsageError, words):
                self.variables.write(WriteKernel(place, value))
        self.assertEmpty(self.image.written)

    def test_a_number_that_another_kernel_keeps_in_a_structure(self) -> None:
        # kernel/printk/printk.c: a pointer to a structure that is there from the start
        place = moved._Moved("prb", "printk_ringbuffer", "desc_ring.count_bits", "no log is there")
        with mock.patch.dict(moved._MOVED, {"log_bits": place}):
            before = self.read("log_bits")
            self.assertBetween(before, 8, 20)
            self.assertEqual(self.variables.write(WriteKernel("log_bits", 3)), before)
            self.assertEqual(self.read("log_bits"), 3)
            with self.assertRaisesRegex(UsageError, "no symbol 'log_bits'"):
                self.read("log_bits", cpu=0)
            self.image.write(self.kernel.symbol("prb"), bytes(8))
            words = r"no log is there, and 'log_bits' is of one \(prb->desc_ring\.count_bits\)"
            with self.assertRaisesRegex(UsageError, words):
                self.read("log_bits")

    def test_each_number_that_moved_is_where_it_is_said(self) -> None:
        for name, place in moved._MOVED.items():
            self.assertNotEqual(
                self.kernel.has_symbol(name), self.kernel.has_field(place.struct, place.member)
            )

    def test_a_kernel_that_does_not_say_what_something_is(self) -> None:
        with self.assertRaisesRegex(UsageError, r"does not say what 'cpu_cgrp_subsys' is"):
            self.read("cpu_cgrp_subsys.early_init")
        # kernel/sched/core.c
        self.assertEqual(self.read("cpu_cgrp_subsys.early_init", type="cgroup_subsys"), True)


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""Why a scheduler ended, read from what a loader, a kernel and a scheduler really printed."""

from __future__ import annotations

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.guest.exit_record import (
    ExitRecord,
    LoaderOutput,
    combine,
    ejections,
    from_kernel_log,
    from_own_words,
    kernel_words,
)

_EJECTED = """\
attached ops=faulty
stat nr_local=-3
stat scatter=false
ok
error no variable nonsense; there are ops.MEMBER and stall_after_ns
exit kind=1026 kind_name=ERROR_STALL code=0 reason="runnable task stall" msg="a \\"b\\" \\x1b\\n"
dump-begin
kworker/u8:0[12] triggered exit kind 1026:

exit kind=64 kind_name=UNREG code=0 reason="in a dump" msg=""
dump-end
"""
_KERNEL_LOG = [
    'sched_ext: BPF scheduler "first" enabled',
    'sched_ext: BPF scheduler "first" disabled (unregistered from user space)',
    'sched_ext: BPF scheduler "simple" enabled',
    'sched_ext: BPF scheduler "simple" disabled (runnable task stall)',
    "sched_ext: simple: w0.0.0[52] failed to run for 5.192s",
    "   scx_watchdog_workfn+0x138/0x1b0",
]
_CAME_BACK = [
    'sched_ext: BPF scheduler "simple" enabled',
    'sched_ext: BPF scheduler "simple" disabled (unregistered from the main kernel)',
    "sched_ext: simple: cpu 3 going offline, exiting scheduler",
    'sched_ext: BPF scheduler "simple" enabled',
    'sched_ext: BPF scheduler "simple" disabled (runnable task stall)',
    'sched_ext: BPF scheduler "simple" enabled',
    'sched_ext: BPF scheduler "simple" disabled (unregistered from user space)',
]
_CAME_BACK_SAYS = """\
EXIT: unregistered from the main kernel (cpu 3 going offline, exiting scheduler)
local=1 global=0
EXIT: unregistered from user space
"""
_SIMPLE = """\
local=6 global=3

DEBUG DUMP
=========================================================================

cpu 0 is stuck
======

=========================================================================

EXIT: runnable task stall (w0.0.0[52] failed to run for 5.192s)
"""


class LoaderOutputTest(absltest.TestCase):
    @given(st.integers(1, 40))
    def test_pieces_of_any_size(self, size: int) -> None:
        output = LoaderOutput()
        for start in range(0, len(_EJECTED), size):
            output.feed(_EJECTED[start : start + size])
        self.assertEqual(output.attached, "faulty")
        self.assertEqual(output.stats, {"nr_local": -3})
        self.assertLen(output.replies, 2)
        self.assertEqual(output.replies[0], "ok")
        self.assertStartsWith(output.replies[1], "error no variable nonsense")
        self.assertEqual(output.record.kind, "ERROR_STALL")
        self.assertEqual(output.record.reason, "runnable task stall")
        self.assertEqual(output.record.message, 'a "b" \x1b\n')
        self.assertStartsWith(output.record.dump, "kworker/u8:0[12] triggered exit kind 1026:\n")
        self.assertIn("in a dump", output.record.dump)


class KernelLogTest(absltest.TestCase):
    def test_the_scheduler_that_was_asked_for(self) -> None:
        record = from_kernel_log(_KERNEL_LOG, "simple")
        self.assertEqual(record.kind, "ERROR_STALL")
        self.assertEqual(record.message, "w0.0.0[52] failed to run for 5.192s")
        self.assertEqual(from_kernel_log(_KERNEL_LOG, "first").kind, "UNREG")
        self.assertEqual(from_kernel_log(_KERNEL_LOG, "other"), ExitRecord())

    def test_a_pattern_of_names(self) -> None:
        record = from_kernel_log(_KERNEL_LOG, "s*e")
        self.assertEqual(record.kind, "ERROR_STALL")
        self.assertEqual(record.message, "w0.0.0[52] failed to run for 5.192s")
        self.assertEqual(from_kernel_log(_KERNEL_LOG, "simple_*"), ExitRecord())

    def test_the_first_ejection_counts_whatever_came_after_it(self) -> None:
        record = from_kernel_log(_CAME_BACK, "simple")
        self.assertEqual(record.kind, "UNREG_KERN")
        self.assertEqual(record.message, "cpu 3 going offline, exiting scheduler")
        thrown = ejections(_CAME_BACK, "simple")
        self.assertEqual(
            thrown,
            (
                "unregistered from the main kernel: cpu 3 going offline, exiting scheduler",
                "runnable task stall",
            ),
        )
        self.assertEmpty(ejections(_CAME_BACK, "other"))
        self.assertEmpty(ejections(_KERNEL_LOG, "first"))

    def test_messages_that_the_kernel_does_not_log_are_the_scheduler_s(self) -> None:
        silent = [line for line in _CAME_BACK[:4] if "cpu 3" not in line]
        (thrown,) = ejections(silent, "simple", _CAME_BACK_SAYS)
        self.assertEndsWith(thrown, "main kernel: cpu 3 going offline, exiting scheduler")
        # two reports for one ejection: nobody knows which is whose
        twice = ejections(silent, "simple", _CAME_BACK_SAYS * 2)
        self.assertEqual(twice, ("unregistered from the main kernel",))

    def test_reason_of_a_later_kernel(self) -> None:
        line = 'sched_ext: BPF scheduler "x" disabled (something new)'
        self.assertEqual(from_kernel_log([line], "x").kind, "something new")


class KernelWordsTest(absltest.TestCase):
    def test_what_may_say_why(self) -> None:
        telling = (
            'sched_ext: Not compatible with "isolcpus=" domain isolation',
            "Lockdown: scx_x: use of bpf to write user RAM is restricted",
            "scx_x[81]: segfault at 0 ip 0000000000401745 sp 00007ffe error 6 in scx_x[401000+1]",
            "traps: scx_x[81] general protection fault ip:401745 sp:7ffe error:0 in scx_x[4010]",
        )
        others = [
            *_KERNEL_LOG[:4],
            "other[82]: segfault at 0 ip 0000000000401745 sp 00007ffe error 6 in other[401000+1]",
            "scx_x[81] is fine",
        ]
        self.assertEqual(kernel_words([*others, *telling], 81), telling)

    def test_is_bounded(self) -> None:
        self.assertLen(kernel_words(["sched_ext: x"] * 100, 1), 20)


class OwnWordsTest(parameterized.TestCase):
    def test_report_with_dump(self) -> None:
        record = from_own_words(_SIMPLE)
        self.assertEqual(record.kind, "ERROR_STALL")
        self.assertEqual(record.message, "w0.0.0[52] failed to run for 5.192s")
        self.assertStartsWith(record.dump, "cpu 0 is stuck")

    def test_report_without_message(self) -> None:
        record = from_own_words("EXIT: unregistered from user space\n")
        self.assertEqual(record, ExitRecord("UNREG", "unregistered from user space"))

    def test_the_first_ejection_counts(self) -> None:
        record = from_own_words(_CAME_BACK_SAYS)
        self.assertEqual(record.kind, "UNREG_KERN")
        self.assertEqual(record.message, "cpu 3 going offline, exiting scheduler")

    def test_report_of_a_rust_program(self) -> None:
        log = "22:04:20 [INFO] started\nError: EXIT: runnable task stall (w0.0.0[7] failed)\n"
        found = ExitRecord("ERROR_STALL", "runnable task stall", "w0.0.0[7] failed")
        self.assertEqual(from_own_words(log), found)

    @parameterized.parameters(
        "Error: EXIT: runnable task stall (w[7] failed to run for 5.001s)\n",
        "22:04:20 [INFO] EXIT: runnable task stall (w[7] failed to run for 5.001s)\n",
        "[2026-01-02 22:04:20][WARN]EXIT: runnable task stall (w[7] failed to run for 5.001s)\n",
        "Error: it ended\n\nCaused by:\n    0: a\n    1: EXIT: runnable task stall "
        "(w[7] failed to run for 5.001s)\n",
    )
    def test_of_a_program_in_rust(self, log: str) -> None:
        record = from_own_words(f"starting\n{log}bye\n")
        self.assertEqual(record.kind, "ERROR_STALL")
        self.assertEqual(record.message, "w[7] failed to run for 5.001s")

    @parameterized.parameters(
        ("EXIT: runnable task stall (w[7] failed) on CPU 3", "w[7] failed on CPU 3"),
        ("EXIT: runnable task stall on CPU 11", "on CPU 11"),
        (
            "\x1b[31mEXIT: runnable task stall (w[7] (a worker) failed)\x1b[0m\r",
            "w[7] (a worker) failed",
        ),
    )
    def test_with_its_cpu_and_in_colours(self, line: str, message: str) -> None:
        record = from_own_words(f"starting\n{line}\n")
        self.assertEqual((record.kind, record.message), ("ERROR_STALL", message))

    @parameterized.parameters("NOEXIT: a\n", "EXITS: a\n", "EXIT:a\n")
    def test_of_something_else(self, log: str) -> None:
        self.assertEqual(from_own_words(log), ExitRecord())

    def test_silence(self) -> None:
        self.assertEqual(from_own_words("local=6 global=3\n"), ExitRecord())

    def test_combine_takes_each_part_from_the_first_that_has_it(self) -> None:
        found = combine(ExitRecord("A"), ExitRecord("B", "b"), ExitRecord("C", "c", "m", "d"))
        self.assertEqual(found, ExitRecord("A", "b", "m", "d"))


if __name__ == "__main__":
    absltest.main()

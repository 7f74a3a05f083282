# SPDX-License-Identifier: Apache-2.0
"""The console classifier: golden logs of real guests, single lines, and what holds for any text."""

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.console.classify import classify, first_cause
from ktstr.console.findings import ConsoleFinding, ConsoleKind
from tests.console import real


class GoldenTest(parameterized.TestCase):
    @parameterized.named_parameters((log.stem, log) for log in real.logs())
    def test_log(self, log) -> None:  # type: ignore[no-untyped-def]
        expected = log.with_suffix(".json").read_text()
        self.assertEqual(
            real.found_in(log),
            expected,
            "if the new one is right: bazel run //tests/console:update_real",
        )

    def test_logs_are_there(self) -> None:
        self.assertGreater(len(real.logs()), 10)


class LineTest(parameterized.TestCase):
    @parameterized.parameters(
        (ConsoleKind.PANIC, "Kernel panic - not syncing: VFS: Unable to mount root fs"),
        (ConsoleKind.OOPS, "Oops: general protection fault, probably for non-canonical address"),
        (ConsoleKind.OOPS, "BUG: unable to handle page fault for address: ffffc90000000ff8"),
        (ConsoleKind.OOPS, "BUG: IRQ stack guard page was hit at 00000000 (stack is 00000000)"),
        (
            ConsoleKind.OOPS,
            "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008",
        ),
        (
            ConsoleKind.OOPS,
            "Internal error: Oops - Undefined instruction: 0000000002000000 [#1] SMP",
        ),
        (ConsoleKind.BUG, "BUG: scheduling while atomic: swapper/0/0/0x00000002"),
        (ConsoleKind.BUG, "BUG: sleeping function called from invalid context at mm/slab.h:1"),
        (ConsoleKind.KASAN, "BUG: KASAN: slab-use-after-free in scx_exit+0x1/0x2"),
        (ConsoleKind.KASAN, "UBSAN: array-index-out-of-bounds in kernel/sched/ext.c:1:2"),
        (ConsoleKind.DEADLOCK, "WARNING: possible circular locking dependency detected"),
        (ConsoleKind.DEADLOCK, "WARNING: suspicious RCU usage"),
        (ConsoleKind.HARD_LOCKUP, "watchdog: Watchdog detected hard LOCKUP on cpu 3"),
        (ConsoleKind.WORKQUEUE_STALL, "BUG: workqueue lockup - pool cpus=0 node=0 stuck for 31s!"),
        (ConsoleKind.RCU_STALL, "rcu: INFO: rcu_sched self-detected stall on CPU"),
        (
            ConsoleKind.RCU_STALL,
            "rcu: INFO: rcu_preempt detected expedited stalls on CPUs: { 1-... }",
        ),
        (ConsoleKind.RCU_STALL, "rcu: rcu_preempt kthread starved for 5252 jiffies! g9 f0x0"),
        (ConsoleKind.WARNING, "WARNING: kernel/sched/ext.c:1 at scx_exit+0x1/0x2, CPU#1: a/12"),
        (ConsoleKind.SCHED_EXT, 'sched_ext: BPF scheduler "x" disabled (runtime error)'),
    )
    def test_kind(self, kind: ConsoleKind, text: str) -> None:
        console = f"[    0.1] Linux version\n[   12.345678] {text}\n"
        self.assertEqual([(each.kind, each.text) for each in classify(console)], [(kind, text)])

    @parameterized.parameters(
        'sched_ext: BPF scheduler "x" enabled',
        'sched_ext: BPF scheduler "x" disabled (unregistered from user space)',
        'sched_ext: BPF scheduler "x" disabled (unregistered from BPF)',
        'sched_ext: BPF scheduler "x" disabled (disabled by sysrq-S)',
        'sched_ext: "x" does not implement cgroup cpu.weight',
        "Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on",
    )
    def test_harmless(self, text: str) -> None:
        self.assertEmpty(classify(f"[   12.345678] {text}\n"))


class AnyTextTest(parameterized.TestCase):
    @given(st.text())
    def test_findings_are_in_order_and_within_the_text(self, console: str) -> None:
        numbers = [each.line_number for each in classify(console)]
        self.assertEqual(numbers, sorted(set(numbers)))
        for number in numbers:
            self.assertBetween(number, 1, console.count("\n") + 1)

    def test_program_output_is_no_report(self) -> None:
        console = (
            "[    1.000000] Run /init as init process\nKernel panic - not syncing: said a test\n"
        )
        self.assertEmpty(classify(console))

    def test_program_output_is_no_report_where_the_kernel_has_said_nothing_yet(self) -> None:
        said = "Kernel panic - not syncing: said a test\n"
        self.assertEmpty(classify(said, stamped=True))
        self.assertLen(classify(said), 1)

    def test_kernel_without_time_stamps_is_understood(self) -> None:
        self.assertEqual(classify("Kernel panic - not syncing: x\r\n")[0].kind, ConsoleKind.PANIC)

    @parameterized.parameters(
        (
            ConsoleKind.OOPS,
            "Unable to handle kernel paging request at virtual address dead000000000100",
        ),
        (ConsoleKind.BUG, "kernel BUG at kernel/sched/core.c:1!"),
    )
    def test_a_report_of_arm64_is_one(self, kind: ConsoleKind, first: str) -> None:
        lines = (
            first,
            "Mem abort info:",
            "Internal error: Oops: 0000000096000044 [#1] PREEMPT SMP",
            "pc : f+0x0/0x1",
            "Call trace:",
            "---[ end trace 0000000000000000 ]---",
        )
        (found,) = classify("".join(f"[    1.000000] {line}\n" for line in lines))
        self.assertEqual((found.kind, found.text), (kind, first))
        self.assertEqual(found.excerpt, "\n".join(lines))

    def test_registers_of_arm64_belong_to_a_stall(self) -> None:
        lines = (
            "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [spin:77]",
            "Modules linked in:",
            "CPU: 1 UID: 0 PID: 77 Comm: spin Not tainted 6.12.0 #1",
            "Hardware name: linux,dummy-virt (DT)",
            "pstate: 60400005 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)",
            "pc : f+0x0/0x1",
            "lr : g+0x0/0x1",
            "sp : ffff800080003e50",
            "pmr: 000000e0",
            "x29: ffff800080003e50 x28: 0000000000000000 x27: 0000000000000000",
            "x2 : 0000000000000000 x1 : 0000000000000000 x0 : 0000000000000001",
            "Call trace:",
            " f+0x0/0x1 (P)",
        )
        more = ("something else",)
        (found,) = classify("".join(f"[    1.000000] {line}\n" for line in (*lines, *more)))
        self.assertEqual(found.excerpt, "\n".join(lines))

    def test_words_of_a_warning_stand_before_it(self) -> None:
        stamp = "[    1.000000] "
        lines = (
            "an earlier message",
            "------------[ cut here ]------------",
            "the words",
            "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x0/0x1",
            "---[ end trace 0000000000000000 ]---",
        )
        (found,) = classify("".join(f"{stamp}{line}\n" for line in lines))
        self.assertEqual((found.line_number, found.text), (4, lines[3]))
        self.assertEqual(found.excerpt, "\n".join(lines[2:]))

    def test_what_the_kernel_says_of_a_place_belongs_to_the_report(self) -> None:
        stack = ("CPU: 1 UID: 0 PID: 77 Comm: a b", "Call Trace:", " <TASK>", " </TASK>")
        for lines in (
            (
                "BUG: sleeping function called from invalid context at a.c:1",
                "in_atomic(): 1, irqs_disabled(): 1, non_block: 0, pid: 77, name: a b",
                "preempt_count: 1, expected: 0",
                "no locks held by a b/77.",
            ),
            (
                "watchdog: BUG: soft lockup - CPU#101 stuck for 26s! [a b:77]",
                "Modules linked in:",
                "irq event stamp: 12",
                "hardirqs last  enabled at (11): [<0>] f+0x0/0x1",
            ),
            (
                "BUG: Bad page state in process a b  pfn:1",
                "page: refcount:1 mapcount:0 mapping:0 index:0x0 pfn:0x1",
                "flags: 0x0(node=0|zone=0)",
                "raw: 0 0 0 0",
                "page dumped because: nonzero _refcount",
            ),
        ):
            console = "".join(f"[    1.000000] {line}\n" for line in (*lines, *stack, "eth0: up"))
            (found,) = classify(console)
            self.assertEqual(found.excerpt, "\n".join((*lines, *stack)))

    def test_caller_in_the_prefix_is_understood(self) -> None:
        found = classify("[    1.000000][    T1] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x0/0x1\n")
        self.assertEqual(found[0].text, "WARNING: CPU: 0 PID: 1 at a.c:1 f+0x0/0x1")


class FirstCauseTest(absltest.TestCase):
    def test_warning_gives_way_to_what_follows(self) -> None:
        warning = ConsoleFinding(ConsoleKind.WARNING, 1, "w")
        oops = ConsoleFinding(ConsoleKind.OOPS, 2, "o")
        panic = ConsoleFinding(ConsoleKind.PANIC, 3, "p")
        self.assertEqual(first_cause([warning, oops, panic]), oops)
        self.assertEqual(first_cause([warning]), warning)
        self.assertIsNone(first_cause([]))


if __name__ == "__main__":
    absltest.main()

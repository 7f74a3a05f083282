# SPDX-License-Identifier: Apache-2.0
"""Kernels in real trouble: what the console shows, the classifier finds, and it alone."""

from absl.testing import absltest, parameterized

from ktstr.console.classify import classify, first_cause
from ktstr.console.findings import ConsoleKind
from tests.vm import guests
from tests.vm.faulty_kernel import Fault


class TroubleTest(parameterized.TestCase):
    @parameterized.named_parameters(
        ("oops", Fault.NULL_DEREFERENCE, ConsoleKind.OOPS, "NULL pointer dereference"),
        ("bug", Fault.BUG, ConsoleKind.BUG, "kernel BUG at "),
        ("warning", Fault.WARN, ConsoleKind.WARNING, "__do_sys_pause"),
        ("soft_lockup", Fault.ENDLESS_LOOP, ConsoleKind.SOFT_LOCKUP, r"CPU#1 stuck .* \[init:"),
        ("hung_task", Fault.UNINTERRUPTIBLE, ConsoleKind.HUNG_TASK, "task init:.* blocked"),
    )
    def test_fault(self, fault: Fault, kind: ConsoleKind, text: str) -> None:
        with guests.faulty_kernel(fault) as kernel:
            self._assert_only(kind, text, guests.run(guests.spec("trouble=pause", kernel=kernel)))

    def test_rcu_stall(self) -> None:
        with guests.faulty_kernel(Fault.INTERRUPTS_OFF) as kernel:
            run = guests.run(guests.spec("trouble=rcu", "nowatchdog", kernel=kernel))
        self._assert_only(ConsoleKind.RCU_STALL, "rcu_preempt detected (expedited )?stalls", run)

    @parameterized.named_parameters(
        ("all_memory", "oom", "^Out of memory: Killed process .* \\(init\\)"),
        ("cgroup", "memcg", "^Memory cgroup out of memory: Killed process .* \\(init\\)"),
    )
    def test_oom(self, trouble: str, text: str) -> None:
        self._assert_only(ConsoleKind.OOM, text, guests.run(guests.spec(f"trouble={trouble}")))

    def test_panic_is_also_an_event(self) -> None:
        run = guests.run(guests.spec("trouble=panic"))
        self._assert_only(ConsoleKind.PANIC, "sysrq triggered crash", run)
        self.assertIn("GUEST_PANICKED", run.events)

    def test_no_trouble(self) -> None:
        run = guests.run(guests.spec("trouble=none"))
        self.assertEmpty(classify(run.console))
        self.assertNotIn("GUEST_PANICKED", run.events)
        self.assertIn("trouble: over", run.console)

    def _assert_only(self, kind: ConsoleKind, text: str, run: guests.Run) -> None:
        findings = classify(run.console)
        self.assertEqual({each.kind for each in findings}, {kind}, run.console[-3000:])
        cause = first_cause(findings)
        assert cause is not None
        self.assertRegex(cause.text, text)
        self.assertEqual(run.exited.status, 0)


if __name__ == "__main__":
    absltest.main()

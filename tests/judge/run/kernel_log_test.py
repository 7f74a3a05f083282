# SPDX-License-Identifier: Apache-2.0
"""What the kernel reports fails a run by its kind, and what it merely notes does not."""

from absl.testing import absltest, parameterized

from ktstr.console.findings import ConsoleFinding, ConsoleKind
from ktstr.host.ending import Ending, EndingKind
from ktstr.judge.judge import judge
from ktstr.judge.run.kernel_log import where
from ktstr.model.verdict.checks import Verdict
from tests.support import runs


class KernelLogTest(parameterized.TestCase):
    @parameterized.parameters(
        "slub", "list_corruption", "refcount", "deadlock", "csd_lock", "softirq", "hung_task"
    )
    def test_a_report_fails_a_run_by_its_kind(self, kind: str) -> None:
        found = ConsoleFinding(ConsoleKind(kind), 9, "in the kernel's words")
        judged = judge(runs.good_run(console=(found, found)))
        self.assertIs(judged.verdict, Verdict.FAIL)
        message = f"{kind}: in the kernel's words (console line 9) (and 1 more)"
        self.assertEqual([(d.message, d.subject) for d in judged.details], [(message, kind)])

    def test_a_finding_is_told_with_its_line(self) -> None:
        found = ConsoleFinding(ConsoleKind.OOPS, 12, "Oops: 0000", "lines\naround")
        self.assertEqual(where(found), "Oops: 0000 (console line 12)")

    def test_what_the_kernel_says_of_its_own_work_is_a_remark(self) -> None:
        hog = ConsoleFinding(ConsoleKind.WORKQUEUE_HOG, 9, "workqueue: f hogged CPU for >10000us")
        judged = judge(runs.good_run(console=(hog,)))
        self.assertIs(judged.verdict, Verdict.PASS)
        self.assertEqual(judged.remarks, (f"workqueue_hog: {hog.text} (console line 9)",))

    def test_a_panic_is_not_laid_to_what_the_kernel_merely_notes(self) -> None:
        note = ConsoleFinding(ConsoleKind.BOOT_PARAMETER, 2, "Unknown kernel command line")
        last = ConsoleFinding(ConsoleKind.PANIC, 30, "Kernel panic - not syncing: x")
        run = runs.good_run(ending=Ending(EndingKind.PANICKED), end=None, console=(note, last))
        self.assertIn("not syncing: x", judge(run).details[0].message)


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""Kernel arguments that had no effect: what was asked for is told, and nothing else."""

from absl.testing import absltest, parameterized

from ktstr.console.findings import ConsoleFinding, ConsoleKind
from ktstr.judge.judge import judge
from ktstr.model.verdict.checks import Checks, ExpectFail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from tests.support import runs

_ASKED = ("sysctl.kernel.nothing=1", "nohz_full=1-3", "rcu-nocbs=1-3", "nosmt")


def run_with(
    *unknown: str, console: tuple[str, ...] = (), kargs: tuple[str, ...] = _ASKED, **changes: object
) -> RunRecord:
    """A good run whose kernel did not know `unknown`, and printed `console`."""
    of = runs.plan(kargs=kargs, **changes)
    found = tuple(ConsoleFinding(ConsoleKind.BOOT_PARAMETER, 7, text) for text in console)
    hello = runs.hello(of, unknown_arguments=unknown)
    return runs.good_run(of, hello=hello, console=found)


class BootParametersTest(parameterized.TestCase):
    def test_what_was_asked_for_and_is_unknown_makes_a_run_inconclusive(self) -> None:
        judged = judge(run_with("nohz_full=1-3", "rcu-nocbs=1-3"))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        (detail,) = judged.details
        self.assertIs(detail.kind, Kind.BOOT_PARAMETER)
        self.assertIn("does not know 'nohz_full=1-3', 'rcu-nocbs=1-3'", detail.message)
        self.assertIn(
            "a typing error, or an option that this kernel was built without", detail.message
        )

    def test_the_console_tells_it_as_well_and_once_is_enough(self) -> None:
        said = 'Unknown kernel command line parameters "nosmt rcu_nocbs=1-3", will be passed to'
        alone, both = (judge(run_with(*words, console=(said,))) for words in ((), ("nosmt",)))
        for judged in (alone, both):
            (detail,) = judged.details
            self.assertIn("does not know 'rcu-nocbs=1-3', 'nosmt'", detail.message)

    def test_a_line_that_the_kernel_has_cut_is_understood(self) -> None:
        said = 'Unknown kernel command line parameters "nosmt rcu_nocbs=1'
        (detail,) = judge(run_with(console=(said,))).details
        self.assertIn("does not know 'rcu-nocbs=1-3', 'nosmt'", detail.message)

    @parameterized.parameters(
        ("Failed to set sysctl parameter 'kernel.nothing=1': parameter not found", _ASKED[0]),
        ("Malformed early option 'nosmt'", "nosmt"),
        ("Booting kernel: `1-3' invalid for parameter `nohz_full'", "nohz_full=1-3"),
        ("Booting kernel: Unknown parameter `nosmt'", "nosmt"),
    )
    def test_what_the_kernel_refuses_is_told_in_its_words(self, said: str, karg: str) -> None:
        judged = judge(run_with(console=(said,)))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        (detail,) = judged.details
        self.assertIn(f"did not take {karg!r}", detail.message)
        self.assertIn(f"{said} (console line 7)", detail.message)

    def test_what_nobody_asked_for_is_of_no_account(self) -> None:
        said = (
            'Unknown kernel command line parameters "tsc=reliable quiet_please"',
            "Failed to set sysctl parameter 'kernel.sched_schedstats=1': parameter not found",
        )
        judged = judge(run_with("tsc=reliable", console=said))
        self.assertIs(judged.verdict, Verdict.PASS)
        self.assertEqual((judged.details, judged.remarks), ((), ()))

    def test_it_fails_nothing_without_the_check_of_the_log_either(self) -> None:
        judged = judge(run_with("nosmt", checks=Checks(clean_kernel_log=False)))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)

    def test_a_failure_that_was_expected_does_not_count_on_another_machine(self) -> None:
        expected = ExpectFail(Kind.KERNEL_LOG, "hung_task")
        run = run_with("nosmt", expect_fail=expected)
        hung = ConsoleFinding(ConsoleKind.HUNG_TASK, 9, "INFO: task a b:7 blocked for more")
        for found, verdict in ((True, Verdict.INCONCLUSIVE), (False, Verdict.INCONCLUSIVE)):
            console = (hung,) if found else ()
            given = runs.good_run(run.plan, hello=run.hello, console=console)
            self.assertIs(judge(given).verdict, verdict)


if __name__ == "__main__":
    absltest.main()

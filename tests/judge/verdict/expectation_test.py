# SPDX-License-Identifier: Apache-2.0
"""A test that is to fail passes by that failure alone, and what such a failure brings with it."""

from absl.testing import absltest, parameterized

from ktstr.console.findings import ConsoleKind
from ktstr.judge.verdict.expectation import weigh
from ktstr.model.verdict.checks import Detail, ExpectFail, Verdict
from ktstr.model.verdict.kinds import Kind

_STALL = Detail(Kind.KERNEL_LOG, "rcu: stall", subject=ConsoleKind.RCU_STALL.value)
_CRASH = Detail(Kind.KERNEL_LOG, "BUG: oops", subject=ConsoleKind.BUG.value)


def _verdict(expected: ExpectFail, *details: Detail) -> Verdict:
    return weigh(expected, details).verdict


class ExpectationTest(parameterized.TestCase):
    def test_the_failure_by_kind_and_text_passes(self) -> None:
        outcome = weigh(ExpectFail(Kind.STARVED, r"cg_\d"), (Detail(Kind.STARVED, "cg_0 starved"),))
        self.assertIs(outcome.verdict, Verdict.PASS)
        self.assertEqual(outcome.added, ())
        self.assertEndsWith(outcome.words, "matching 'cg_\\\\d'; found: cg_0 starved")

    def test_another_text_is_another_failure(self) -> None:
        outcome = weigh(ExpectFail(Kind.STARVED, "cg_1"), (Detail(Kind.STARVED, "cg_0 starved"),))
        self.assertIs(outcome.verdict, Verdict.FAIL)
        self.assertIn("but found a failure of kind starved: cg_0 starved", outcome.words)

    def test_no_failure_is_a_failure_of_the_expected_kind(self) -> None:
        outcome = weigh(ExpectFail(Kind.STUCK), ())
        self.assertIs(outcome.verdict, Verdict.FAIL)
        self.assertEqual([detail.kind for detail in outcome.added], [Kind.STUCK])
        self.assertIn("drop expect_fail", outcome.words)

    @parameterized.parameters(Verdict.INCONCLUSIVE, Verdict.SKIP)
    def test_without_data_nothing_is_said(self, left: Verdict) -> None:
        self.assertIs(_verdict(ExpectFail(Kind.STUCK), Detail(Kind.NO_DATA, "", left)), left)

    @parameterized.parameters(
        # another view on the same misbehaviour, in either order of causes
        (Kind.UNFAIR, Detail(Kind.STARVED, "")),
        (Kind.STARVED, Detail(Kind.UNFAIR, "")),
        # what comes after it in the chain of causes
        (Kind.SCHEDULER_EJECTED, Detail(Kind.STUCK, "")),
        # what the kernel says of a scheduler that does not schedule
        (Kind.STUCK, _STALL),
        (Kind.SCHEDULER_EJECTED, _STALL),
        # a function whose steps go wrong when its scheduler is gone
        (Kind.SCHEDULER_DIED, Detail(Kind.TEST_ERROR, "")),
    )
    def test_what_a_failure_brings_is_not_foreign(self, kind: Kind, beside: Detail) -> None:
        self.assertIs(_verdict(ExpectFail(kind), beside, Detail(kind, "")), Verdict.PASS)

    @parameterized.parameters(
        (Kind.STUCK, _CRASH),
        (Kind.STUCK, Detail(Kind.SCHEDULER_EJECTED, "")),
        (Kind.ISOLATION, _STALL),
        (Kind.STARVED, Detail(Kind.TEST_ERROR, "")),
    )
    def test_what_it_does_not_bring_is(self, kind: Kind, beside: Detail) -> None:
        outcome = weigh(ExpectFail(kind), (Detail(kind, ""), beside))
        self.assertIs(outcome.verdict, Verdict.FAIL)
        self.assertIn(f"beside it a failure of kind {beside.kind.value}", outcome.words)

    @parameterized.parameters(Kind.TOPOLOGY, Kind.BOOT_PARAMETER, Kind.INFRA)
    def test_a_run_of_another_machine_does_not_count(self, kind: Kind) -> None:
        void = Detail(kind, "2 CPUs, not 4", Verdict.INCONCLUSIVE)
        outcome = weigh(ExpectFail(Kind.STUCK), (Detail(Kind.STUCK, ""), void))
        self.assertIs(outcome.verdict, Verdict.INCONCLUSIVE)
        self.assertEndsWith(outcome.words, "the run does not count: 2 CPUs, not 4")


if __name__ == "__main__":
    absltest.main()

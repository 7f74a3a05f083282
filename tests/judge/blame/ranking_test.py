# SPDX-License-Identifier: Apache-2.0
"""Findings stand in the order in which one caused the next, whatever order they were found in."""

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.console.findings import ConsoleKind
from ktstr.judge.blame.ranking import rank, ranked, worst
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind

_DETAILS = st.lists(
    st.builds(Detail, st.sampled_from(Kind), st.sampled_from("ab"), st.sampled_from(Verdict))
)


class RankingTest(parameterized.TestCase):
    def test_every_kind_has_a_place_of_its_own(self) -> None:
        places = [rank(Detail(kind, "")) for kind in Kind]
        self.assertLen(set(places), len(Kind))

    @parameterized.parameters(
        (Kind.PANIC, Kind.HANG),
        (Kind.KERNEL_LOG, Kind.SCHEDULER_EJECTED),
        (Kind.SCHEDULER_EJECTED, Kind.STARVED),
        (Kind.HELD, Kind.STUCK),
        (Kind.STARVED, Kind.WAKE_LATENCY),
        (Kind.WAIT, Kind.TEST_ERROR),
    )
    def test_a_cause_stands_before_what_it_brings(self, cause: Kind, brought: Kind) -> None:
        self.assertLess(rank(Detail(cause, "")), rank(Detail(brought, "")))

    @parameterized.parameters(ConsoleKind.OOM.value, "warning", ConsoleKind.RCU_STALL.value)
    def test_a_stall_in_the_log_follows_a_hang_and_a_crash_does_not(self, subject: str) -> None:
        stall = Detail(Kind.KERNEL_LOG, "", subject=subject)
        crash = Detail(Kind.KERNEL_LOG, "", subject=ConsoleKind.BUG.value)
        hang = Detail(Kind.HANG, "")
        self.assertEqual(ranked([stall, hang, crash]), (crash, hang, stall))

    def test_a_failure_stands_before_missing_data_that_caused_more(self) -> None:
        missing = Detail(Kind.INFRA, "", Verdict.INCONCLUSIVE)
        failure = Detail(Kind.CLAIM, "")
        self.assertEqual(ranked([missing, failure]), (failure, missing))

    @given(_DETAILS)
    def test_nothing_is_lost_and_the_first_has_the_worst_verdict(self, found: list[Detail]) -> None:
        order = ranked(found)
        self.assertCountEqual(order, found)
        self.assertEqual(ranked(order), order)
        verdicts = [detail.verdict for detail in found]
        self.assertEqual(worst(verdicts), order[0].verdict if order else None)

    def test_equals_stay_in_the_order_that_they_were_found_in(self) -> None:
        found = [Detail(Kind.STARVED, text) for text in ("b", "a", "c")]
        self.assertEqual(ranked(found), tuple(found))


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""The traits of the kinds of findings do not contradict each other."""

from absl.testing import absltest, parameterized

from ktstr.model.errors import UsageError
from ktstr.model.verdict.checks import ExpectFail
from ktstr.model.verdict.kinds import Kind


class KindsTest(parameterized.TestCase):
    def test_causes_come_before_what_they_bring_about(self) -> None:
        ranks = [kind.rank for kind in (Kind.PANIC, Kind.SCHEDULER_EJECTED, Kind.HANG, Kind.STUCK)]
        self.assertEqual(ranks, sorted(ranks))

    @parameterized.parameters(*Kind)
    def test_a_kind_is_what_it_is_called(self, kind: Kind) -> None:
        self.assertEqual(kind.value, kind.name.lower())
        self.assertIs(Kind(kind.value), kind)

    @parameterized.parameters(*Kind)
    def test_what_never_fails_is_laid_to_nobody_and_cannot_be_expected(self, kind: Kind) -> None:
        blamed = kind.is_of_workers or kind.is_one_view or kind.is_timed or kind.is_of_scheduler
        self.assertFalse(kind.never_fails and blamed)
        if kind.never_fails:
            with self.assertRaisesRegex(UsageError, "is never a failure of the scheduler"):
                ExpectFail(kind)
        else:
            self.assertIs(ExpectFail(kind).kind, kind)

    @parameterized.parameters(*Kind)
    def test_what_voids_a_run_fails_none(self, kind: Kind) -> None:
        self.assertLessEqual(kind.voids, kind.never_fails)

    @parameterized.parameters(*Kind)
    def test_shares_are_of_workers(self, kind: Kind) -> None:
        self.assertLessEqual(kind.is_of_shares or kind.is_of_all_workers, kind.is_of_workers)

    @parameterized.parameters(*Kind)
    def test_a_clock_finds_a_kind_always_or_by_its_subject(self, kind: Kind) -> None:
        self.assertFalse(kind.is_timed and kind.is_timed_by_subject)


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""What became of a test whose guest never started."""

from absl.testing import absltest

from ktstr.execute.outcome import skipped, unrun
from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from tests.support.plans import plan

_RECORD = RunRecord(plan(), Accel.VIRTUAL, Ending(EndingKind.QEMU_ERROR, "not started"))


class OutcomeTest(absltest.TestCase):
    def test_unrun_says_why(self) -> None:
        outcome = unrun(_RECORD, Kind.INFRA, "no QEMU")
        self.assertEqual(outcome.judgement.verdict, Verdict.INCONCLUSIVE)
        self.assertEqual(outcome.test, "one")
        self.assertEqual([each.message for each in outcome.judgement.details], ["no QEMU"])
        self.assertTrue(outcome.is_error)

    def test_a_skipped_one_is_no_error(self) -> None:
        outcome = skipped(_RECORD, "too small")
        self.assertEqual(outcome.judgement.verdict, Verdict.SKIP)
        self.assertFalse(outcome.is_error)


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""The runner's exit status, by the worst that happened."""

from absl.testing import absltest, parameterized

from ktstr.execute.outcome import Outcome
from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.judge.judgement import Judgement
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from ktstr.runner.exit_status import ExitStatus, exit_status
from tests.support.plans import plan


def _outcome(verdict: Verdict, kind: Kind | None = None) -> Outcome:
    record = RunRecord(plan(), Accel.VIRTUAL, Ending(EndingKind.EXITED))
    details = () if kind is None else (Detail(kind, "why", verdict),)
    return Outcome(record, Judgement(verdict, details), {"total": 1.0})


_PASS = _outcome(Verdict.PASS)
_SKIP = _outcome(Verdict.SKIP, Kind.TEST_ERROR)
_FAIL = _outcome(Verdict.FAIL, Kind.STARVED)
_NO_DATA = _outcome(Verdict.INCONCLUSIVE, Kind.NO_DATA)
_ERROR = _outcome(Verdict.INCONCLUSIVE, Kind.USAGE)


class ExitStatusTest(parameterized.TestCase):
    @parameterized.parameters(
        ([], ExitStatus.OK),
        ([_PASS, _SKIP], ExitStatus.OK),
        ([_PASS, _NO_DATA], ExitStatus.INCONCLUSIVE),
        ([_NO_DATA, _ERROR], ExitStatus.ERROR),
        ([_ERROR, _FAIL, _NO_DATA], ExitStatus.FAILED),
    )
    def test_the_worst_counts(self, outcomes: list[Outcome], expected: ExitStatus) -> None:
        self.assertEqual(exit_status(outcomes), expected)


if __name__ == "__main__":
    absltest.main()

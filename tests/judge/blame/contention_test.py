# SPDX-License-Identifier: Apache-2.0
"""Which findings a busy host may have caused: those that a clock made."""

from absl.testing import absltest, parameterized

from ktstr.host.accel import Accel
from ktstr.host.sample import HostSample
from ktstr.judge.blame.contention import CLOCKED_SUBJECTS, MAX_TAKEN_SHARE, excuse
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support import runs

_TAKEN_NS = int(2 * MAX_TAKEN_SHARE * 1e9)
_BUSY = (HostSample(0.0, 0, 0, 0), HostSample(1.0, 0, 0, _TAKEN_NS))


def _excused(kind: Kind, subject: str) -> Detail:
    run = runs.good_run(accel=Accel.KVM, host_samples=_BUSY, scenario_host_s=None)
    (found,) = excuse(run, [Detail(kind, "found", Verdict.FAIL, subject)])
    return found


class ContentionTest(parameterized.TestCase):
    def test_the_kinds_that_subjects_tell_of_have_their_subjects(self) -> None:
        told = {kind for kind in Kind if kind.is_timed_by_subject}
        self.assertEqual(set(CLOCKED_SUBJECTS), told)

    @parameterized.parameters(*(kind for kind in Kind if not kind.is_timed_by_subject))
    def test_a_busy_host_excuses_what_a_clock_found(self, kind: Kind) -> None:
        expected = Kind.CONTENDED if kind.is_timed else kind
        self.assertIs(_excused(kind, "cg_0").kind, expected)

    @parameterized.parameters(*((k, s) for k, some in CLOCKED_SUBJECTS.items() for s in some))
    def test_and_of_others_what_its_subject_says_was_timed(self, kind: Kind, subject: str) -> None:
        self.assertIs(_excused(kind, subject).kind, Kind.CONTENDED)
        self.assertIs(_excused(kind, "another").kind, kind)


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""What becomes of a finding that is no longer laid to the scheduler."""

from absl.testing import absltest

from ktstr.judge.blame.excused import excused
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind


class ExcusedTest(absltest.TestCase):
    def test_the_reason_is_told_behind_the_finding_and_who_it_is_about_is_kept(self) -> None:
        found = Detail(Kind.STUCK, "it was stuck", Verdict.FAIL, "cg_0 worker 0.1", 101)
        made = excused(found, Kind.HELD, "its CPU was held")
        message = "it was stuck; but its CPU was held"
        about = (found.subject, found.pid)
        self.assertEqual(made, Detail(Kind.HELD, message, Verdict.INCONCLUSIVE, *about))


if __name__ == "__main__":
    absltest.main()

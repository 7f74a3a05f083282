# SPDX-License-Identifier: Apache-2.0
"""What is said of runs that did not come to their end."""

import dataclasses

from absl.testing import absltest

from ktstr.judge.judge import judge
from ktstr.model.facts import Event
from ktstr.model.host import Ending, EndingKind
from tests.judge import runs


class LastSignTest(absltest.TestCase):
    def test_a_hang_names_what_the_guest_was_about(self) -> None:
        ending = Ending(EndingKind.DEADLINE, "scheduler and scenario set-up")
        for detail, words in (("data", "'disk_mount data'"), ("x" * 41, "'disk_mount'")):
            events = (Event(1, "disk_mount", None, detail),)
            run = dataclasses.replace(runs.good_run(), ending=ending, end=None, events=events)
            self.assertIn(f"its last sign was {words}", judge(run).details[0].message)


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""Windows of workers' lives that checks look at."""

from absl.testing import absltest

from ktstr.judge.workers.windows import gap_window
from tests.support import runs
from tests.support.runs import MS, S


class GapWindowTest(absltest.TestCase):
    def test_it_ends_when_the_gap_did(self) -> None:
        late = runs.worker(max_gap_ns=300 * MS, max_gap_at_ns=S + 700 * MS)
        self.assertEqual(gap_window(late), (S + 400 * MS, S + 700 * MS))

    def test_it_is_the_life_of_one_whose_gap_is_not_known_by_time(self) -> None:
        cut = runs.worker(max_gap_ns=300 * MS, max_gap_at_ns=0)
        self.assertEqual(gap_window(cut), (cut.started_ns, cut.ended_ns))


if __name__ == "__main__":
    absltest.main()

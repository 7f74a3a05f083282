# SPDX-License-Identifier: Apache-2.0
"""What is told of a run: no failure of a worker that has hardly lived."""

from __future__ import annotations

from dataclasses import replace

from absl.testing import absltest

from ktstr.execute.outcome import Outcome
from ktstr.fuzz.protocol import Play, Played
from ktstr.fuzz.trial import Trial
from ktstr.host.ending import OUT_OF_TIME, Ending, EndingKind
from ktstr.judge.judge import judge
from ktstr.model.scenario.scenario import CgroupDef, Fixed, Scenario, Step
from ktstr.model.verdict.checks import Checks
from ktstr.runner.play.answer import answer_of
from tests.support.runs import good_run

_MS = 1_000_000
_PLAY = Play(4, Trial(Scenario((Step((CgroupDef("a"),), hold=Fixed(0.1)),)), 1.0), Checks())


class AnswerTest(absltest.TestCase):
    def _answer(self, lived_ms: int, units: int) -> Played:
        good = good_run()
        lazy = replace(
            good.workers[0],
            work_units=units,
            iterations=units,
            started_ns=1000 * _MS,
            ended_ns=(1000 + lived_ms) * _MS,
            cpu_ns=0,
            max_gap_ns=min(lived_ms, 50) * _MS,
        )
        run = replace(good, workers=(lazy, *good.workers[1:]))
        return answer_of(_PLAY, Outcome(run, judge(run), {}), ((1, 9),), "", 2.0)

    def test_a_worker_without_work_is_starved_once_it_has_lived(self) -> None:
        told = self._answer(2000, 0)
        self.assertEqual((told.verdict, told.kind), ("fail", "starved"))
        self.assertEqual((told.number, told.ground, told.seconds), (4, ((1, 9),), 2.0))
        self.assertEqual(told.workers[0].wall_ns, 2000 * _MS)

    def test_and_not_while_it_starts(self) -> None:
        for lived_ms in (10, 200):
            told = self._answer(lived_ms, 0)
            self.assertEqual((told.verdict, told.kind), ("pass", ""), told.message)

    def test_no_time_of_the_hosts_is_no_alarm(self) -> None:
        run = replace(good_run(), ending=Ending(EndingKind.DEADLINE, f"{OUT_OF_TIME}, in the body"))
        told = answer_of(_PLAY, Outcome(run, judge(run), {}), (), "", 240.0)
        self.assertEqual((told.verdict, told.kind), ("inconclusive", "contended"))
        self.assertIn("did not come to its end within 240 s of the host's", told.message)


if __name__ == "__main__":
    absltest.main()

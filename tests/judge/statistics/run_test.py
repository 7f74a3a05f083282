# SPDX-License-Identifier: Apache-2.0
"""What a judgement says of a run's workers, whatever is checked."""

from absl.testing import absltest

from ktstr.judge.judge import judge
from ktstr.model.errors import InfraError
from ktstr.model.facts import ScenarioFacts, StepFacts
from tests.support import runs
from tests.support.runs import MS, S


class RunStatisticsTest(absltest.TestCase):
    def test_the_statistics_of_the_run_and_of_its_steps_come_with_the_verdict(self) -> None:
        steps = (StepFacts(0, "calm", S, S + MS, S + MS), StepFacts(1, "", S + MS, 2 * S, 2 * S))
        run = runs.good_run(scenarios=(ScenarioFacts(S, 2 * S, 2, 2, steps=steps),))
        found = judge(run).statistics
        self.assertEqual(found.total.workers, 2)
        self.assertEqual([each.name for each in found.cgroups], ["cg_0"])
        played = [[(step.index, step.name) for step in each] for each in found.scenarios]
        self.assertEqual(played, [[(0, "calm"), (1, "")]])

    def test_a_fact_that_cannot_be_read_is_our_error_and_named(self) -> None:
        run = runs.good_run(workers=(runs.worker(cpuset="0-"), runs.worker(index=1)))
        with self.assertRaisesRegex(InfraError, "guest of pairs reported cannot be judged: .*'0-'"):
            judge(run)


if __name__ == "__main__":
    absltest.main()

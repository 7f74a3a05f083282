# SPDX-License-Identifier: Apache-2.0
"""Runs that did not come to their end, and the workers that a plan starts."""

import dataclasses

from absl.testing import absltest, parameterized

from ktstr.host.ending import Ending, EndingKind
from ktstr.judge.judge import judge
from ktstr.judge.run.completeness import planned_workers
from ktstr.model.facts import Event, ScenarioFacts
from ktstr.model.scenario.scenario import Backdrop, CgroupDef, Frac, Scenario, Spawn, Step
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from ktstr.model.work.work import Work
from tests.support import runs


class LastSignTest(absltest.TestCase):
    def test_a_hang_names_what_the_guest_was_about(self) -> None:
        ending = Ending(EndingKind.DEADLINE, "scheduler and scenario set-up")
        for detail, words in (("data", "'disk_mount data'"), ("x" * 41, "'disk_mount'")):
            events = (Event(1, EventName.DISK_MOUNT, None, detail),)
            run = dataclasses.replace(runs.good_run(), ending=ending, end=None, events=events)
            self.assertIn(f"its last sign was {words}", judge(run).details[0].message)

    def test_what_its_recorder_says_is_no_sign_of_the_test(self) -> None:
        ending = Ending(EndingKind.DEADLINE, "the test's body")
        start = Event(1, EventName.TEST_START)
        end = Event(2, EventName.RECORDER_END, None, "loading of the recorder")
        for events, words in (((start, end), "'test_start'"), ((end,), "'hello'")):
            run = dataclasses.replace(runs.good_run(), ending=ending, end=None, events=events)
            self.assertIn(f"its last sign was {words}", judge(run).details[0].message)


class ScenariosTest(absltest.TestCase):
    def test_a_name_that_there_is_not_is_the_authors(self) -> None:
        for mistaken, kind in ((True, Kind.USAGE), (False, Kind.NO_DATA)):
            error = "step 0 failed: SetKernel: no symbol 'jiffiez'"
            facts = ScenarioFacts(1, 2, 1, 0, error, mistaken=mistaken)
            detail = judge(runs.good_run(scenarios=(facts,))).details[0]
            self.assertEqual((detail.kind, detail.verdict), (kind, Verdict.INCONCLUSIVE))
            self.assertIn("could not be carried out (0 of 1 steps done): step 0", detail.message)


class PlannedWorkersTest(parameterized.TestCase):
    def test_backdrop_setup_and_ops_count(self) -> None:
        scenario = Scenario(
            backdrop=Backdrop(
                cgroups=(CgroupDef("a"), CgroupDef("b", works=None)),
                ops=(Spawn("b", Work(workers=3)),),
            ),
            steps=(Step(setup=(CgroupDef("c", works=(Work(), Work(workers=1))),), hold=Frac(1)),),
        )
        self.assertEqual(planned_workers(runs.plan(scenario=scenario)), 2 + 3 + 2 + 1)
        self.assertEqual(planned_workers(runs.function_plan()), 0)


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""What the engine says of steps that come too late; that it plays is shown in real guests."""

from __future__ import annotations

from typing import cast
from unittest import mock

from absl.testing import absltest

from ktstr.guest.scenario.engine import Engine
from ktstr.guest.scenario.population import Stage
from ktstr.guest.scheduler.subject import Subject
from ktstr.guest.system.cgroups import CgroupTree
from ktstr.guest.system.reactor import Reactor
from ktstr.model.facts import ScenarioFacts
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.scenario.scenario import Fixed, Loop, Scenario, SpawnHost, Step
from ktstr.model.work.work import Work
from tests.support.sink import Sink

_STAGE = Stage(TopologyView.of(Topology.parse("1n1l1c1t")), 0.01, 1, seed=1, collect_s=5.0)


class EngineTest(absltest.TestCase):
    def play(self, *steps: Step) -> ScenarioFacts:
        tree = CgroupTree(self.create_tempdir().full_path)
        subject = mock.create_autospec(Subject, instance=True)
        subject.trouble.return_value = ""
        engine = Engine(_STAGE, tree, Reactor(), Sink(), cast(Subject, subject))
        return engine.play(Scenario(steps))

    def test_a_loop_without_a_round_is_an_error(self) -> None:
        facts = self.play(
            Step(hold=Fixed(0.02)), Step(ops=(SpawnHost(Work()),), hold=Loop(interval=0.1))
        )
        self.assertEqual((facts.steps_done, facts.steps_planned), (1, 2))
        self.assertRegex(
            facts.error, r"step 1 failed: Loop\(interval=0.1\): the test's duration of 0.01 s had"
        )

    def test_steps_of_nothing_are_played(self) -> None:
        facts = self.play(Step(hold=Fixed(0.001)), Step(hold=Fixed(0.001)))
        self.assertEqual((facts.steps_done, facts.error), (2, ""))


if __name__ == "__main__":
    absltest.main()

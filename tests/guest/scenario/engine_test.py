# SPDX-License-Identifier: Apache-2.0
"""What the engine says of steps that come too late; that it plays is shown in real guests."""

from __future__ import annotations

import dataclasses
import itertools
from typing import cast
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.guest.observers import stats
from ktstr.guest.scenario.engine import Engine
from ktstr.guest.scenario.population import Stage
from ktstr.guest.scheduler.subject import Subject
from ktstr.guest.system.cgroups import CgroupTree
from ktstr.guest.system.outside import Outside
from ktstr.guest.system.reactor import Reactor
from ktstr.model.errors import NoSuchName
from ktstr.model.facts import ScenarioFacts
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scenario.inside import KernelValue, MapValue, SetKernel, SetMap, Snapshot
from ktstr.model.scenario.scenario import Fixed, Loop, Scenario, SpawnHost, Step, Until, WaitFor
from ktstr.model.verdict.relations import it
from ktstr.model.wire.frames import FrameType
from ktstr.model.wire.state_set import StateSet
from ktstr.model.wire.stats import SchedulerStats
from ktstr.model.work.work import Work
from tests.support.sink import Sink

_STAGE = Stage(TopologyView.of(Topology.parse("1n1l1c1t")), 0.01, 1, seed=1, collect_s=5.0)


class EngineTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.subject = mock.create_autospec(Subject, instance=True)
        self.subject.trouble.return_value = ""

    def play(self, *steps: Step, stage: Stage = _STAGE) -> ScenarioFacts:
        tree = CgroupTree(self.create_tempdir().full_path)
        self.sink = Sink()
        engine = Engine(stage, tree, Reactor(), self.sink, cast(Subject, self.subject))
        return engine.play(Scenario(steps))

    def test_a_loop_without_a_round_is_an_error(self) -> None:
        facts = self.play(
            Step(hold=Fixed(0.02)), Step(ops=(SpawnHost(Work()),), hold=Loop(interval=0.1))
        )
        self.assertEqual((facts.steps_done, facts.steps_planned), (1, 2))
        self.assertRegex(
            facts.error, r"step 1 failed: Loop\(interval=0.1\): the test's duration of 0.01 s had"
        )

    @parameterized.parameters(
        (Step(ops=(SetKernel("jiffies", 1),)), "SetKernel: "),
        (Step(ops=(Snapshot("a"),)), "Snapshot: "),
        (Step(ops=(SetMap("a", 0, "b", 1),)), "SetMap: "),
        (Step(ops=(WaitFor(MapValue("a", 0, "b", it.below(1)), 1.0),)), "WaitFor: "),
        (Step(hold=Until(KernelValue("jiffies", it.below(1)), 1.0)), ""),
    )
    def test_where_nobody_looks_inside(self, step: Step, words: str) -> None:
        # on this very kernel
        facts = self.play(step)
        self.assertEqual((facts.steps_done, facts.mistaken), (0, False))
        self.assertStartsWith(
            facts.error, f"step 0 failed: {words}nobody looks into this guest from outside"
        )

    @parameterized.parameters(
        Step(ops=(SetKernel("jiffiez", 1),)),
        Step(ops=(WaitFor(MapValue("a", 0, "b", it.below(1)), 1.0),)),
        Step(hold=Until(KernelValue("jiffiez", it.below(1)), 1.0)),
    )
    def test_a_name_that_there_is_not_is_the_authors(self, step: Step) -> None:
        with mock.patch.object(Outside, "ask", side_effect=NoSuchName("no symbol 'jiffiez'")):
            facts = self.play(step)
        self.assertTrue(facts.mistaken)
        self.assertEndsWith(facts.error, "no symbol 'jiffiez'")

    def test_a_value_that_is_waited_for(self) -> None:
        wait = WaitFor(KernelValue("jiffies", it.at_least(3)), 5.0)
        with mock.patch.object(Outside, "ask", side_effect=[1, 2, 3]):
            facts = self.play(Step(ops=(wait,), hold=Fixed(0.001)))
        self.assertEqual((facts.steps_done, facts.error), (1, ""))
        met = [each for each in self.sink.facts if each.frame_type is FrameType.EVENT]
        self.assertIn("jiffies is 3", "".join(each.detail for each in met))

    def test_what_is_set_is_a_fact(self) -> None:
        with mock.patch.object(Outside, "ask", return_value=7500):
            facts = self.play(
                Step(ops=(SetKernel("scx_watchdog_timeout", 500),), hold=Fixed(0.001))
            )
        self.assertEqual(facts.error, "")
        (told,) = (each for each in self.sink.facts if isinstance(each, StateSet))
        self.assertEqual((told.step, told.before, told.after), (0, 7500, 500))

    @parameterized.parameters(("tells", "other_ops", 1), ("another", "same_ops", 0))
    def test_who_is_asked_for_statistics_goes_by_its_name(
        self, name: str, ops: str, told: int
    ) -> None:
        own = SchedulerPlan("tells", ("/own",), "same_ops", control=False, stats_socket="/nowhere")
        self.subject.name, self.subject.ops = name, ops
        with mock.patch.object(stats, "ANSWER_S", 0.01):
            self.play(Step(hold=Fixed(0.001)), stage=dataclasses.replace(_STAGE, tells=own))
        self.assertLen([each for each in self.sink.facts if isinstance(each, SchedulerStats)], told)

    def test_one_that_has_ended_is_not_asked_for_statistics(self) -> None:
        own = SchedulerPlan("tells", ("/own",), "ops", control=False, stats_socket="/nowhere")
        self.subject.name = "tells"
        # it is there until the first step is about to begin
        self.subject.trouble.side_effect = itertools.chain([""], itertools.repeat("it has ended"))
        facts = self.play(Step(hold=Fixed(0.001)), stage=dataclasses.replace(_STAGE, tells=own))
        self.assertEqual(facts.stopped_because, "it has ended")
        told = [each for each in self.sink.facts if isinstance(each, SchedulerStats)]
        self.assertEmpty(told)

    def test_steps_of_nothing_are_played(self) -> None:
        facts = self.play(Step(hold=Fixed(0.001)), Step(hold=Fixed(0.001)))
        self.assertEqual((facts.steps_done, facts.error), (2, ""))


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""Which schedulers a plan runs."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest

from ktstr.judge.lives.planned import Lives, lives_of
from ktstr.model.plan import Plan, SchedulerPlan
from ktstr.model.scenario.scenario import (
    AttachScheduler,
    Backdrop,
    DetachScheduler,
    Loop,
    Op,
    ReplaceScheduler,
    RestartScheduler,
    Scenario,
    SetKnob,
    Step,
)
from ktstr.model.verdict.checks import Checks

_FIFO = SchedulerPlan("fifo", ("/fifo",), "fifo", control=True)
_SIMPLE = SchedulerPlan("scx_simple", ("/simple",), "simple", control=False)


def _plan(scenario: Scenario | None) -> Plan:
    return Plan(
        test="one",
        source="one.py",
        topology="1n1l2c1t",
        duration_s=1.0,
        workers_per_cgroup=1,
        seed=1,
        scheduler=_FIFO,
        scenario=scenario,
        function="one" if scenario is None else None,
        checks=Checks(),
        staged=(_SIMPLE,),
    )


def _steps(*ops: Op) -> Scenario:
    return Scenario((Step(ops=ops),))


class LivesTest(absltest.TestCase):
    def test_one_after_the_other(self) -> None:
        ops = (
            ReplaceScheduler("scx_simple"),
            RestartScheduler(),
            DetachScheduler(),
            AttachScheduler(),
        )
        expected = Lives(("fifo", "scx_simple", "scx_simple", "fifo"), exact=True)
        self.assertEqual(lives_of(_plan(_steps(*ops))), expected)

    def test_steps_take_over_what_the_backdrop_left(self) -> None:
        scenario = Scenario(
            (Step(ops=(AttachScheduler("scx_simple"),)), Step(ops=(RestartScheduler(),))),
            Backdrop(ops=(DetachScheduler(),)),
        )
        self.assertEqual(lives_of(_plan(scenario)).names, ("fifo", "scx_simple", "scx_simple"))

    def test_a_staged_one_may_be_the_only_one(self) -> None:
        bare = dataclasses.replace(_plan(_steps(AttachScheduler("scx_simple"))), scheduler=None)
        self.assertEqual(lives_of(bare).names, ("scx_simple",))
        self.assertEqual(lives_of(dataclasses.replace(bare, scenario=_steps())).names, ())

    def test_nobody_knows_how_often_a_loop_goes_round(self) -> None:
        scenario = Scenario((Step(ops=(RestartScheduler(),), hold=Loop(0.1)),))
        self.assertFalse(lives_of(_plan(scenario)).exact)
        quiet = Scenario((Step(ops=(SetKnob("x", 1),), hold=Loop(0.1)),))
        self.assertEqual(lives_of(_plan(quiet)), Lives(("fifo",), exact=True))

    def test_a_function_does_what_it_likes(self) -> None:
        self.assertEqual(lives_of(_plan(None)), Lives(("fifo",), exact=False))


if __name__ == "__main__":
    absltest.main()

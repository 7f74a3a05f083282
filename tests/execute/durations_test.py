# SPDX-License-Identifier: Apache-2.0
"""How long the parts of a scenario take together."""

import dataclasses

from absl.testing import absltest

from ktstr.execute.durations import body_s, played_s, waits_of
from ktstr.model.plan import GuestDeadlines, SchedulerPlan
from ktstr.model.scenario.scenario import (
    Backdrop,
    CgroupDef,
    Fixed,
    Frac,
    Loop,
    RunPayload,
    Scenario,
    Step,
    WaitPayload,
    defs,
)
from tests.support.plans import function_plan, plan


class DurationsTest(absltest.TestCase):
    def test_holds_add_up(self) -> None:
        holds = (Frac(0.5), Fixed(3.0), Loop(0.1))
        scenario = Scenario(tuple(Step(hold=hold) for hold in holds))
        self.assertEqual(played_s(scenario, 2.0), 1.0 + 3.0 + 2.0)

    def test_waits_for_payloads_add_up(self) -> None:
        scenario = Scenario(
            (
                Step(ops=(RunPayload("p"), WaitPayload("p", timeout=3.0))),
                Step(ops=(RunPayload("p"),)),
                Step(ops=(WaitPayload("q"),)),
            ),
            Backdrop(ops=(RunPayload("q"),)),
        )
        self.assertEqual(waits_of(scenario), (63.0, 3))
        self.assertEqual(waits_of(defs(CgroupDef("a"))), (0, 0))

    def test_a_function_s_body_has_its_own_limit_and_a_scenario_s_that_of_its_steps(self) -> None:
        limits = GuestDeadlines(test_s=7.0, start_s=10.0, collect_s=5.0)
        self.assertEqual(body_s(function_plan(deadlines=limits)), 12.0)
        scenario = Scenario((Step(hold=Fixed(3.0)), Step(hold=Fixed(4.0))))
        self.assertEqual(body_s(plan(deadlines=limits, scenario=scenario)), 7.0 + 3 * 15.0)

    def test_a_scheduler_that_is_asked_may_take_its_time_at_each_border(self) -> None:
        asked = SchedulerPlan("mine", ("/mine",), "mine", control=False, stats_socket="/stats")
        silent = dataclasses.replace(asked, stats_socket="")
        scenario = Scenario((Step(hold=Fixed(3.0)), Step(hold=Fixed(4.0))))
        took = [body_s(plan(scheduler=each, scenario=scenario)) for each in (asked, silent)]
        self.assertEqual(took[0] - took[1], 2 * 2 * 2.0)


if __name__ == "__main__":
    absltest.main()

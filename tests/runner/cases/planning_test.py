# SPDX-License-Identifier: Apache-2.0
"""Plans out of cases and targets, and what is refused before a boot."""

import dataclasses
from typing import cast

from absl.testing import absltest, parameterized

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpuset import Llc
from ktstr.model.plan import Plan
from ktstr.model.scenario.limits import Limits
from ktstr.model.scenario.scenario import (
    CgroupDef,
    Frac,
    HoldSpec,
    Op,
    RunPayload,
    Scenario,
    SetKnob,
    Step,
    StopCgroup,
    defs,
)
from ktstr.model.verdict.checks import Checks
from ktstr.runner.cases.planning import plan_of, shell_plan
from tests.runner import samples
from tests.support import targets


class PlanTest(parameterized.TestCase):
    def test_a_scenario_with_its_effective_checks(self) -> None:
        plan = plan_of(
            samples.case(checks=Checks(max_gap_ms=5, not_starved=False)), targets.target()
        )
        self.assertEqual(plan.checks.max_gap_ms, 5)
        self.assertFalse(plan.checks.not_starved)
        self.assertTrue(plan.checks.clean_kernel_log)
        self.assertIsNone(plan.function)
        self.assertIsNone(plan.scheduler)

    def test_a_function_of_the_guest(self) -> None:
        case = samples.case(in_guest=True, scenario=None, timeout_s=7.0)
        plan = plan_of(case, targets.target())
        self.assertEqual((plan.function, plan.scenario), ("one", None))
        self.assertEqual(plan.deadlines.test_s, 7.0)

    def test_the_scheduler_gets_the_targets_arguments_then_the_tests(self) -> None:
        target = targets.target(scheduler=targets.SCHEDULER, scheduler_args=("--set", "a=1"))
        plan = plan_of(samples.case(scheduler_args=("--set", "b=2")), target)
        assert plan.scheduler is not None
        self.assertEqual(
            plan.scheduler.argv, ("/scheduler/fifo/run", "--set", "a=1", "--set", "b=2")
        )

    def test_the_same_plan_gives_the_same_bytes(self) -> None:
        one, other = (plan_of(samples.case(), targets.target()) for _ in range(2))
        self.assertEqual(one.to_json(), other.to_json())
        # a saved one, too: its digest is compared when the run is judged again
        self.assertEqual(Plan.from_json(one.to_json()).to_json(), one.to_json())
        self.assertNotEqual(one.digest(), plan_of(samples.case(), targets.target(seed=2)).digest())

    @parameterized.parameters(
        (defs(CgroupDef("a", cpuset=Llc(7))), r"^pkg/one\.py:3: test one on 1n1l2c1t: step 0"),
        (Scenario(steps=()), r"no step"),
        (Scenario((Step(ops=(SetKnob("x", 1),)),)), r"none is attached"),
    )
    def test_refuses_what_does_not_fit(self, scenario: Scenario, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            plan_of(samples.case(scenario=scenario), targets.target())

    def test_a_test_and_a_shell_have_the_targets_payloads(self) -> None:
        target = targets.target(payloads=(targets.PAYLOAD,))
        self.assertEqual(plan_of(samples.case(), target).payloads, (targets.PAYLOAD.payload,))
        self.assertEqual(shell_plan(target).payloads, (targets.PAYLOAD.payload,))

    def test_ops_name_payloads_of_the_target(self) -> None:
        case = samples.case(scenario=Scenario((Step(ops=(RunPayload("tool"),)),)))
        plan_of(case, targets.target(payloads=(targets.PAYLOAD,)))
        with self.assertRaisesRegex(UsageError, "payload 'tool' is none of this target's"):
            plan_of(case, targets.target())

    def test_refuses_scheduler_arguments_without_a_scheduler(self) -> None:
        with self.assertRaisesRegex(UsageError, r"one\.py:3: test one: .* has no scheduler"):
            plan_of(samples.case(scheduler_args=("x",)), targets.target())

    def test_passes_on_why_there_is_no_scenario(self) -> None:
        with self.assertRaisesRegex(UsageError, "^pkg/one.py:9: raised"):
            plan_of(samples.case(scenario=None, error="pkg/one.py:9: raised"), targets.target())

    def test_a_shell_has_the_scheduler_and_nothing_to_play(self) -> None:
        plan = shell_plan(targets.target(scheduler=targets.SCHEDULER))
        self.assertTrue(plan.shell)
        assert plan.scheduler is not None
        self.assertEqual(plan.scheduler.ops, "fifo")

    def test_staged_schedulers_have_arguments_of_their_own(self) -> None:
        staged = dataclasses.replace(targets.SCHEDULER, name="simple", argv=("/s", "-x"))
        target = targets.target(
            scheduler=targets.SCHEDULER, scheduler_args=("--set", "a=1"), staged=(staged,)
        )
        plan = plan_of(samples.case(), target)
        self.assertEqual(
            [(each.name, each.argv) for each in plan.staged], [("simple", ("/s", "-x"))]
        )

    @parameterized.parameters(
        (
            Step(hold=cast(HoldSpec, 0.5)),
            r"steps\[0\].hold: kind None is none of Frac, Fixed, Loop",
        ),
        (Step(ops=cast(tuple[Op, ...], StopCgroup("a"))), r"steps\[0\].ops: list expected, dict"),
        (
            Step(ops=(cast(Op, Frac(1.0)),)),
            r"steps\[0\].ops\[0\]: kind 'Frac' is none of AddCgroup",
        ),
        (Step((CgroupDef(limits=Limits(weight=cast(int, 2.5))),)), "weight: int expected, float"),
    )
    def test_refuses_parts_of_other_types(self, step: Step, message: str) -> None:
        with self.assertRaisesRegex(UsageError, f"the scenario is not well formed: .*{message}"):
            plan_of(samples.case(scenario=Scenario((step,))), targets.target())

    def test_refuses_payloads_that_the_target_lacks(self) -> None:
        case = samples.case(scenario=Scenario((Step(ops=(RunPayload("fio"),)),)))
        with self.assertRaisesRegex(UsageError, r"step 0: RunPayload: .*attribute has: none"):
            plan_of(case, targets.target())

    def test_the_plan_has_what_the_author_asked_for_and_not_what_we_add(self) -> None:
        scheduler = dataclasses.replace(
            targets.SCHEDULER, kargs=("nosmt",), sysctls={"kernel.x": "2"}
        )
        target = targets.target(scheduler=scheduler, kargs=("mine",))
        plan = plan_of(samples.case(), target)
        self.assertEqual(plan.kargs, ("sysctl.kernel.x=2", "nosmt", "mine"))
        self.assertEqual(plan_of(samples.case(), targets.target()).kargs, ())


if __name__ == "__main__":
    absltest.main()

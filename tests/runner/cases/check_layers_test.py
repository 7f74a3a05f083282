# SPDX-License-Identifier: Apache-2.0
"""Default, scheduler's and test's thresholds: which is in force, and who set it."""

import dataclasses

from absl.testing import absltest, parameterized

from ktstr import stat
from ktstr.model.errors import UsageError
from ktstr.model.scenario.scenario import CgroupDef, defs
from ktstr.model.verdict.checks import Checks
from ktstr.runner.cases.planning import plan_of
from tests.runner import samples
from tests.support import targets


class LayersTest(parameterized.TestCase):
    def test_the_last_layer_that_says_something_wins(self) -> None:
        files = dataclasses.replace(
            targets.SCHEDULER,
            checks={"max_gap_ms": "500", "max_spread_pct": "20.5", "not_starved": "false"},
        )
        case = samples.case(checks=Checks(max_gap_ms=50))
        plan = plan_of(case, targets.target(scheduler=files))
        self.assertEqual((plan.checks.max_gap_ms, plan.checks.max_spread_pct), (50, 20.5))
        self.assertIs(plan.checks.not_starved, False)
        self.assertEqual(
            plan.check_layers,
            {
                "max_gap_ms": "test",
                "max_spread_pct": "scheduler fifo",
                "not_starved": "scheduler fifo",
                "scheduler_alive": "default",
                "clean_kernel_log": "default",
                "invariants": "default",
            },
        )

    @parameterized.parameters(
        (
            {"max_gap": "5"},
            r"no check 'max_gap' \(did you mean 'max_gap_ms'\?\); checks: not_starved",
        ),
        ({"max_gap_ms": "often"}, "max_gap_ms is 'often'; expected a number"),
        ({"isolation": "yes"}, "isolation is 'yes'; expected 'true' or 'false'"),
        ({"max_gap_ms": "-1"}, "a limit must be finite and above 0"),
    )
    def test_what_is_no_check_is_refused(self, checks: dict[str, str], words: str) -> None:
        files = dataclasses.replace(targets.SCHEDULER, checks=checks)
        with self.assertRaisesRegex(UsageError, f"//sched/fifo:fifo: checks: .*{words}"):
            plan_of(samples.case(), targets.target(scheduler=files))

    def test_claims_about_what_is_not_there_are_refused(self) -> None:
        claims = (stat("cg_1.iterations").above(1),)
        case = samples.case(claims=claims, scenario=defs(CgroupDef("cg_0")))
        with self.assertRaisesRegex(UsageError, "makes no cgroup 'cg_1'; its cgroups: cg_0"):
            plan_of(case, targets.target())
        known = samples.case(claims=(stat("a.iterations").above(1),))
        self.assertLen(plan_of(known, targets.target()).claims, 1)


if __name__ == "__main__":
    absltest.main()

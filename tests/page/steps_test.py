# SPDX-License-Identifier: Apache-2.0
"""What steps do, in words."""

from __future__ import annotations

import json

from absl.testing import absltest, parameterized

from ktstr.page.steps import step_words
from ktstr.result import result_pb2
from tests.support.results import RUNS, result


def _of(plan: object) -> dict[str, str]:
    made = result_pb2.Result()
    made.identity.plan_json = plan if isinstance(plan, str) else json.dumps(plan)
    return step_words(made)


class StepsTest(parameterized.TestCase):
    def test_names_cgroups_and_ops(self) -> None:
        ops = [{"@kind": "StopCgroup", "cgroup": "cg_0", "seconds": 2}] * 8
        steps = [
            {"name": "", "setup": [], "ops": []},
            {"name": "squeeze", "setup": [{"name": "late"}, {"name": "later"}], "ops": ops[:1]},
            {"name": "", "setup": [], "ops": ops},
        ]
        found = _of({"scenario": {"steps": steps}})
        self.assertEqual(found["step 0"], "step 0")
        self.assertEqual(found["step 1"], "step 1: squeeze; makes late, later; StopCgroup cg_0")
        self.assertEndsWith(found["step 2"], "; StopCgroup cg_0; 2 more ops")

    @parameterized.parameters("", "{", "[]", '{"scenario": null}', '{"scenario": {"steps": [1]}}')
    def test_of_no_plan_nothing_is_said(self, plan: str) -> None:
        self.assertEqual(_of(plan), {})

    def test_real_plans_have_this_form(self) -> None:
        self.assertEqual(step_words(result(RUNS["passed"]())), {"step 0": "step 0: makes cg_0"})


if __name__ == "__main__":
    absltest.main()

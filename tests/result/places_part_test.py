# SPDX-License-Identifier: Apache-2.0
"""What a result tells of where scheduler and test looked, and what its report shows of that."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest

from ktstr.model.plan import Plan, SchedulerPlan
from ktstr.report.text import text_report
from ktstr.result import result_pb2
from tests.support import results, runs


def _result(plan: Plan, **scheduler: str) -> result_pb2.Result:
    facts = runs.scheduler(**scheduler)
    return results.result(runs.good_run(plan, schedulers=(facts,)))


class PlacesTest(absltest.TestCase):
    def test_what_was_asked_for_and_found(self) -> None:
        plan = runs.plan(workload_root="/tenants", data=("a.txt",))
        assert plan.scheduler is not None
        own = dataclasses.replace(
            plan.scheduler, cgroup="/sched", config="/c/cells", config_text="a 1\n"
        )
        result = _result(dataclasses.replace(plan, scheduler=own), cgroup="/sched")
        self.assertEqual(result.places.workload_root_cgroup, "/tenants")
        self.assertTrue(result.places.made_before_scheduler)
        self.assertEqual(list(result.places.data), ["a.txt"])
        choice = result.identity.scheduler
        self.assertEqual((choice.cgroup_parent, choice.config_text), ("/sched", "a 1\n"))
        self.assertEqual(result.schedulers[0].cgroup, "/sched")
        self.assertRegex(
            text_report(result),
            "places +cgroups below /tenants; scheduler in /sched; configuration /c/cells; "
            "files a.txt\n",
        )

    def test_who_asks_for_nothing_is_shown_nothing(self) -> None:
        result = _result(runs.plan())
        self.assertEqual(result.places.workload_root_cgroup, "/ktstr")
        self.assertFalse(result.places.made_before_scheduler)
        self.assertNotRegex(text_report(result), "(?m)^ +places ")

    def test_commands_are_told(self) -> None:
        lazy = SchedulerPlan("fifo", (), "", control=False, enable=("a", "b"), disable=("c",))
        result = _result(runs.plan(scheduler=lazy))
        choice = result.identity.scheduler
        self.assertEqual((list(choice.enable), list(choice.disable)), (["a", "b"], ["c"]))
        self.assertRegex(text_report(result), "(?m)^ +scheduler +a; b, layer ")


if __name__ == "__main__":
    absltest.main()

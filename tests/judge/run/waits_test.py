# SPDX-License-Identifier: Apache-2.0
"""Waits that were in vain, and limits that were not in force."""

import dataclasses

from absl.testing import absltest

from ktstr.judge.judge import judge
from ktstr.model.facts import ScenarioFacts, TimeoutFacts
from ktstr.model.scenario.conditions import OnTimeout
from ktstr.model.verdict.checks import ExpectFail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from tests.support import runs

CONDITION = "CpuTime(cgroup='cg_0', seconds=9.0)"
WORDS = f"step 0 waited in vain for {CONDITION}: 0.5 s of CPU time after 1.5 s of guest time"


def late(
    on_timeout: OnTimeout, step: int | None = 0, done: int = 0, **changes: object
) -> RunRecord:
    timeout = TimeoutFacts(CONDITION, step, 1.5, on_timeout, "0.5 s of CPU time")
    stopped = "" if on_timeout is OnTimeout.GO_ON else f"{CONDITION} was not met"
    facts = ScenarioFacts(1, 2, 1, done, stopped_because=stopped, timeouts=(timeout,))
    return dataclasses.replace(runs.good_run(runs.plan(**changes)), scenarios=(facts,))


class WaitsTest(absltest.TestCase):
    def test_the_scenario_says_what_a_wait_in_vain_means(self) -> None:
        for on_timeout, verdict in (
            (OnTimeout.INCONCLUSIVE, Verdict.INCONCLUSIVE),
            (OnTimeout.FAIL, Verdict.FAIL),
        ):
            judged = judge(late(on_timeout))
            self.assertIs(judged.verdict, verdict)
            found = [each for each in judged.details if each.kind is Kind.WAIT]
            self.assertEqual([(each.message, each.verdict) for each in found], [(WORDS, verdict)])
            self.assertNotIn("ended early", " ".join(each.message for each in judged.details))

    def test_what_goes_on_is_a_remark(self) -> None:
        judged = judge(late(OnTimeout.GO_ON, done=1))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertIn(f"{WORDS}; the scenario went on", judged.remarks)

    def test_the_backdrop_waits_too(self) -> None:
        judged = judge(late(OnTimeout.FAIL, step=None))
        self.assertStartsWith(judged.details[0].message, "the Backdrop waited in vain")

    def test_it_can_be_expected(self) -> None:
        run = late(OnTimeout.FAIL, expect_fail=ExpectFail(Kind.WAIT, "0.5 s of CPU"))
        self.assertIs(judge(run).verdict, Verdict.PASS, judge(run).details)


class LimitsTest(absltest.TestCase):
    def test_a_limit_that_is_not_in_force_makes_it_inconclusive(self) -> None:
        run = runs.good_run()
        (cgroup,) = run.cgroups
        given = {"cpu.weight": "50", "pids.max": "9"}
        for force, kinds in (
            (given, []),
            ({"cpu.weight": "100", "pids.max": "9"}, [Kind.WORKER_ERROR]),
            ({"pids.max": "9"}, [Kind.WORKER_ERROR]),
        ):
            facts = dataclasses.replace(cgroup, limits=given, limits_in_force=force)
            judged = judge(dataclasses.replace(run, cgroups=(facts,)))
            self.assertEqual([each.kind for each in judged.details], kinds)
            self.assertIs(judged.verdict, Verdict.INCONCLUSIVE if kinds else Verdict.PASS)


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""What is made of several schedulers that run one after another."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.judge.judge import judge
from ktstr.judge.lives.comeback import why_thrown_out
from ktstr.model.facts import SchedulerFacts
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scenario.scenario import (
    AttachScheduler,
    CgroupDef,
    DetachScheduler,
    Loop,
    ReplaceScheduler,
    RestartScheduler,
    Scenario,
    Step,
)
from ktstr.model.scheduler_phase import SchedulerPhase
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from tests.support import runs

_SIMPLE = SchedulerPlan("scx_simple", ("/simple",), "simple", control=False)
_REPLACED = Scenario(
    (Step(setup=(CgroupDef("cg_0"),), ops=(ReplaceScheduler("scx_simple"),)),),
)


def _simple(**changes: Any) -> SchedulerFacts:
    made: dict[str, Any] = {
        "name": "scx_simple",
        "ops_attached": "simple",
        "ops_end": "simple",
        "enable_seq": "2",
    }
    return runs.scheduler(**made | changes)


def _run(
    *lives: SchedulerFacts, scenario: Scenario = _REPLACED, checks: Checks | None = None
) -> RunRecord:
    plan = runs.plan(scenario=scenario, staged=(_SIMPLE,), checks=checks or runs.ALL_CHECKS)
    return runs.good_run(plan, schedulers=lives)


class LivesTest(parameterized.TestCase):
    def test_each_attached_and_gone_when_told_passes(self) -> None:
        judged = judge(_run(runs.scheduler(), _simple()))
        self.assertEqual(judged.verdict, Verdict.PASS, judged.details)
        self.assertIn("scheduler fifo was attached as fifo to the end", judged.evidence)
        self.assertIn("scheduler scx_simple was attached as simple to the end", judged.evidence)
        self.assertIn(
            "each of 2 schedulers went when it was told to, and sched_ext was off", judged.evidence
        )

    @parameterized.named_parameters(
        (
            "first ejected",
            {"exit_kind": "ERROR_STALL", "phase": SchedulerPhase.RUN},
            {},
            "SCHEDULER_EJECTED",
        ),
        (
            "second ejected",
            {},
            {"exit_kind": "ERROR_BPF", "phase": SchedulerPhase.RUN},
            "SCHEDULER_EJECTED",
        ),
        ("first died", {"phase": SchedulerPhase.RUN, "ended_by_us": False}, {}, "SCHEDULER_DIED"),
        (
            "second not loaded",
            {},
            {"phase": SchedulerPhase.LOAD, "attached_ns": None},
            "SCHEDULER_NOT_LOADED",
        ),
        ("wrong ops", {}, {"ops_end": "other"}, "SCHEDULER_DIED"),
        ("first stayed", {"phase": SchedulerPhase.RUN, "detached": False}, {}, "HANG"),
    )
    def test_each_life_can_fail(
        self, first: dict[str, Any], second: dict[str, Any], kind: str
    ) -> None:
        judged = judge(_run(runs.scheduler(**first), _simple(**second)))
        self.assertEqual(judged.verdict, Verdict.FAIL)
        assert judged.first_cause is not None
        self.assertEqual(judged.first_cause.kind, Kind[kind])

    def test_two_lives_of_a_pattern_may_have_different_names(self) -> None:
        family = dataclasses.replace(_SIMPLE, ops="simple_*")
        scenario = Scenario(
            (
                Step(setup=(CgroupDef("cg_0"),), ops=(AttachScheduler("scx_simple"),)),
                Step(ops=(RestartScheduler(),)),
                Step(ops=(DetachScheduler(),)),
            )
        )
        plan = runs.plan(scheduler=None, staged=(family,), scenario=scenario)
        lives = tuple(
            _simple(ops_attached=name, ops_end=name, enable_seq=str(count))
            for count, name in enumerate(("simple_1.0_g12ab", "simple_1.1"), 1)
        )
        judged = judge(runs.good_run(plan, schedulers=lives))
        self.assertEqual(judged.verdict, Verdict.PASS, judged.details)
        words = "attached 2 times as simple_1.0_g12ab, simple_1.1 (simple_*) to the end"
        self.assertIn(f"scheduler scx_simple was {words}", judged.evidence)

    @parameterized.named_parameters(
        ("a stranger from the start", {"ops_attached": "x"}, "NOT_ATTACHED", "with ops x after"),
        ("a stranger at the end", {"ops_end": "x"}, "DIED", "where enabled with simple* was"),
        (
            "another of the family",
            {"ops_end": "simple_2"},
            "DIED",
            "at the end sched_ext ran simpl",
        ),
    )
    def test_a_pattern_is_no_licence(
        self, changes: dict[str, Any], kind: str, message: str
    ) -> None:
        family = dataclasses.replace(_SIMPLE, ops="simple*")
        plan = runs.plan(scheduler=family)
        facts = _simple(**{"ops_attached": "simple_1", "ops_end": "simple_1"} | changes)
        judged = judge(runs.good_run(plan, schedulers=(facts,)))
        assert judged.first_cause is not None
        self.assertEqual(judged.first_cause.kind, Kind[f"SCHEDULER_{kind}"])
        self.assertIn(message, judged.first_cause.message)

    @parameterized.named_parameters(
        ("the first is missing", (_simple(),), "the plan runs fifo, scx_simple"),
        ("the second is missing", (runs.scheduler(),), "the guest reported fifo"),
        ("none was attached anew", (runs.scheduler(), _simple(enable_seq="1")), "enable_seq was 1"),
        ("the count is missing", (runs.scheduler(), _simple(enable_seq="")), "unread in the next"),
        ("a stranger", (runs.scheduler(), _simple(name="x")), "'x' that the plan does not have"),
    )
    def test_what_is_not_shown_is_inconclusive(
        self, lives: tuple[SchedulerFacts, ...], message: str
    ) -> None:
        judged = judge(_run(*lives))
        self.assertEqual(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertTrue(any(message in detail.message for detail in judged.details), judged.details)

    def test_a_loop_may_go_round_as_often_as_it_does(self) -> None:
        scenario = Scenario(
            (Step(setup=(CgroupDef("cg_0"),), ops=(RestartScheduler(),), hold=Loop(0.1)),)
        )
        lives = [runs.scheduler(enable_seq=str(count)) for count in range(1, 5)]
        judged = judge(_run(*lives, scenario=scenario))
        self.assertEqual(judged.verdict, Verdict.PASS, judged.details)
        self.assertIn("scheduler fifo was attached 4 times as fifo to the end", judged.evidence)

    def test_without_an_own_scheduler_a_staged_one_is_judged(self) -> None:
        scenario = Scenario(
            (
                Step(setup=(CgroupDef("cg_0"),), ops=(AttachScheduler("scx_simple"),)),
                Step(ops=(DetachScheduler(),)),
            )
        )
        plan = runs.plan(scheduler=None, staged=(_SIMPLE,), scenario=scenario)
        scenarios = runs.good_run().scenarios
        run = runs.good_run(plan, schedulers=(_simple(enable_seq="1"),))
        self.assertEqual(judge(run).verdict, Verdict.PASS, judge(run).details)
        gone = runs.good_run(
            plan, schedulers=(_simple(phase=SchedulerPhase.RUN, ended_by_us=False),)
        )
        self.assertEqual(judge(gone).verdict, Verdict.FAIL)
        bare = runs.good_run(plan, schedulers=(runs.no_scheduler(),), scenarios=scenarios)
        self.assertEqual(judge(bare).verdict, Verdict.INCONCLUSIVE)

    def test_one_that_came_back_by_itself_was_thrown_out(self) -> None:
        thrown = "unregistered from the main kernel: cpu 1 going offline, exiting scheduler"
        life = _simple(
            enable_seq_attached="2",
            enable_seq="4",
            exit_kind="UNREG_KERN",
            exit_reason="unregistered from the main kernel",
            exit_message="cpu 1 going offline, exiting scheduler",
            ejections=(thrown, thrown.replace("offline", "online")),
        )
        judged = judge(_run(runs.scheduler(), life))
        assert judged.first_cause is not None
        self.assertEqual(judged.first_cause.kind, Kind.SCHEDULER_EJECTED)
        self.assertIn("cpu 1 going offline, exiting scheduler", judged.first_cause.message)
        self.assertIn(
            "it came back by itself 2 times (enable_seq was 2", judged.first_cause.message
        )
        self.assertIn("the 2 ejections: ", judged.first_cause.message)

    @parameterized.named_parameters(
        (
            "at once",
            {"phase": SchedulerPhase.LOAD, "log_tail": "no CPU to schedule\n"},
            "scheduler scx_simple ended at once, without an error: it last said: no CPU to "
            "schedule; exit status 0",
        ),
        (
            "with an error",
            {
                "phase": SchedulerPhase.LOAD,
                "exit_status": "exit status 1",
                "log_tail": "Error: cannot start\n\nCaused by:\n    0: a\n    1: no CPU\n",
            },
            "scheduler scx_simple was not loaded: it said: cannot start: no CPU; exit status 1",
        ),
        (
            "over a crash with a helper",
            {
                "phase": SchedulerPhase.LOAD,
                "exit_status": "killed by SIGSEGV",
                "left_running": ("helper (helper -x)",),
                "log_tail": "",
            },
            "scheduler scx_simple was not loaded: killed by SIGSEGV; it left 1 of its processes "
            "running: helper (helper -x)",
        ),
        (
            "away",
            {
                "phase": SchedulerPhase.LOAD,
                "left_running": tuple(f"own ({i})" for i in range(4)),
                "log_tail": "going on in the background\n",
            },
            "scheduler scx_simple forked away before it was attached: it last said: going on in "
            "the background; exit status 0; it left 4 of its processes running: own (0), own (1), "
            "own (2); have it stay in the foreground, for the process that is started must be it",
        ),
        (
            "away when attached",
            {
                "phase": SchedulerPhase.RUN,
                "ended_by_us": False,
                "left_running": ("own (x)",),
                "log_tail": "",
            },
            "scheduler scx_simple ended by itself while the test ran (exit status 0); it left 1 of "
            "its processes running: own (x); have it stay in the foreground, for the process that "
            "is started must be it",
        ),
    )
    def test_each_way_to_leave_has_its_words(self, changes: dict[str, Any], words: str) -> None:
        plan = runs.plan(scheduler=_SIMPLE)
        facts = _simple(exit_kind="", exit_reason="", **changes)
        judged = judge(runs.good_run(plan, schedulers=(facts,)))
        assert judged.first_cause is not None
        self.assertEqual(judged.first_cause.message, words)

    def test_the_count_alone_shows_that_it_came_back(self) -> None:
        life = _simple(enable_seq_attached="2", enable_seq="3")
        judged = judge(_run(runs.scheduler(), life))
        assert judged.first_cause is not None
        self.assertIn("the kernel's log does not say why; it came back", judged.first_cause.message)

    def test_a_test_that_does_without_it_is_told_of_it(self) -> None:
        checks = Checks(scheduler_alive=False, not_starved=True)
        life = _simple(enable_seq_attached="2", enable_seq="3", ejections=("because",))
        judged = judge(_run(runs.scheduler(), life, checks=checks))
        self.assertEqual(judged.verdict, Verdict.PASS, judged.details)
        (remark,) = judged.remarks
        self.assertIn("was thrown out while the test ran: because; it came back", remark)

    def test_of_several_ejections_the_first_says_why(self) -> None:
        self.assertEqual(why_thrown_out(_simple(ejections=("because", "again"))), "because")
        self.assertEqual(why_thrown_out(_simple()), "the kernel's log does not say why")

    def test_a_test_that_expects_the_end_is_not_told_of_it(self) -> None:
        checks = Checks(scheduler_alive=False, not_starved=True)
        lives = (runs.scheduler(phase=SchedulerPhase.RUN, ended_by_us=False), _simple())
        judged = judge(_run(*lives, checks=checks))
        self.assertNotIn(Kind.SCHEDULER_DIED, [detail.kind for detail in judged.details])


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""Whose doing a run was: what a PASS says of the classes that workers ran under."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.judge.judge import judge
from ktstr.model.facts import CgroupFacts, ScenarioFacts, StepFacts
from ktstr.model.scenario.background import BACKGROUND
from ktstr.model.scenario.relative import EEVDF, not_worse_than
from ktstr.model.scheduler_phase import SchedulerPhase
from ktstr.model.verdict.checks import Checks, ExpectFail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.verdict.relations import stat
from ktstr.model.wire.witness import RanUnder, SchedClass, WitnessFacts
from ktstr.record.run import RunRecord
from tests.support import runs
from tests.support.compared import compared_run

S = runs.S
_PIDS = (100, 101)


def seen(**classes: int) -> tuple[RanUnder, ...]:
    """Both workers were seen in these classes, and no others."""
    return tuple(RanUnder(0, S, 2 * S, "cg_0", pid, dict(classes)) for pid in _PIDS)


def said(started: str, ended: str, **changes: Any) -> RunRecord:
    """Both workers said their classes, and nobody watched."""
    phase = runs.phase(ended_ns=2 * S, class_started=started, class_ended=ended)
    workers = tuple(runs.worker(index=i, pid=pid, phases=(phase,)) for i, pid in enumerate(_PIDS))
    return runs.good_run(workers=workers, ran_under=(), **changes)


class SubjectTest(parameterized.TestCase):
    def judged_as(self, run: RunRecord, verdict: Verdict, *words: str) -> None:
        judged = judge(run)
        self.assertIs(judged.verdict, verdict, judged.details)
        told = "\n".join(
            [*(detail.message for detail in judged.details), *judged.evidence, *judged.remarks]
        )
        for each in words:
            self.assertIn(each, told)

    def test_a_pass_says_who_scheduled(self) -> None:
        words = "2 workers ran under fifo (sched_ext) in every phase"
        self.judged_as(runs.good_run(), Verdict.PASS, words)
        self.judged_as(said("ext", "ext"), Verdict.PASS, words)

    def test_without_a_scheduler_the_kernels_own_classes_are_told(self) -> None:
        run = runs.good_run(runs.plan(scheduler=None))
        self.judged_as(run, Verdict.PASS, "2 workers ran under the kernel's own classes (fair)")

    def test_without_a_scheduler_unknown_classes_cost_nothing(self) -> None:
        run = runs.good_run(runs.plan(scheduler=None), ran_under=())
        self.judged_as(run, Verdict.PASS, "the default scheduling class ran")

    def test_a_worker_of_a_scheduler_that_is_not_there(self) -> None:
        run = runs.good_run(runs.plan(scheduler=None), ran_under=seen(ext=50))
        words = "cg_0 worker 0.0 ran under sched_ext, where no scheduler of this test was attached"
        self.judged_as(run, Verdict.INCONCLUSIVE, words)

    @parameterized.named_parameters(
        ("partial", {"fair": 90}, "", "it may have SCX_OPS_SWITCH_PARTIAL"),
        ("partial_for_sure", {"fair": 90}, "0", "its ops have SCX_OPS_SWITCH_PARTIAL"),
        ("real_time", {"realtime": 90}, "1", "a real-time or deadline policy stands above"),
        ("bypass", {"bypass": 90}, "1", "the kernel bypassed it"),
    )
    def test_no_worker_was_under_the_scheduler(
        self, classes: dict[str, int], switch_all: str, cause: str
    ) -> None:
        lives = (runs.scheduler(switch_all=switch_all),)
        asked = "policy=fifo" if "realtime" in classes else "policy=normal"
        workers = tuple(
            runs.worker(index=i, pid=pid, requested=asked) for i, pid in enumerate(_PIDS)
        )
        run = runs.good_run(workers=workers, ran_under=seen(**classes), schedulers=lives)
        self.judged_as(run, Verdict.INCONCLUSIVE, "no worker ran under fifo: cg_0 worker", cause)
        self.assertIs(judge(run).details[0].kind, Kind.OTHER_CLASS)

    def test_by_the_workers_own_word(self) -> None:
        words = "no worker ran under fifo: cg_0 worker 0.0 (fair), cg_0 worker 0.1 (fair)"
        self.judged_as(said("fair", "fair"), Verdict.INCONCLUSIVE, words)

    def test_bypass_is_ext_by_a_workers_word_alone(self) -> None:
        run = dataclasses.replace(said("ext", "ext"), ran_under=seen(bypass=90))
        self.judged_as(run, Verdict.INCONCLUSIVE, "the kernel bypassed it")

    def test_one_that_was_thrown_out_before(self) -> None:
        checks = dataclasses.replace(runs.ALL_CHECKS, scheduler_alive=False)
        run = runs.good_run(
            runs.plan(checks=checks),
            ran_under=seen(fair=90),
            schedulers=(
                runs.scheduler(
                    exit_kind="ERROR_STALL", phase=SchedulerPhase.RUN, ended_by_us=False
                ),
            ),
        )
        self.judged_as(run, Verdict.INCONCLUSIVE, "it was thrown out before: see its exit record")

    def test_some_apart_are_a_remark(self) -> None:
        under, apart = seen(ext=90)[0], seen(realtime=90)[1]
        above = runs.worker(index=1, pid=101, requested="policy=rr")
        run = runs.good_run(workers=(runs.worker(), above), ran_under=(under, apart))
        words = (
            "1 worker, of 2, ran under fifo (sched_ext) in every phase",
            "1 of 2 never ran under fifo: cg_0 worker 0.1 (realtime); what they did is not its",
        )
        self.judged_as(run, Verdict.PASS, *words)

    def test_one_of_whom_nothing_is_known_is_a_remark(self) -> None:
        run = runs.good_run(ran_under=seen(ext=90)[:1])
        self.judged_as(run, Verdict.PASS, "the class is not known that cg_0 worker 0.1 ran under")

    def test_not_in_every_phase(self) -> None:
        self.judged_as(
            said("ext", "fair"), Verdict.PASS, "2 workers ran under fifo (sched_ext) in every phase"
        )
        half = S + S // 2
        phases = (
            runs.phase(ended_ns=half, class_started="ext", class_ended="ext"),
            runs.phase(step=1, started_ns=half, ended_ns=2 * S, class_started="fair"),
        )
        run = runs.good_run(workers=(runs.worker(phases=phases), runs.worker()), ran_under=())
        words = "1 of 2 ran under fifo in some steps only: cg_0 worker 0.0 (not in step 1)"
        self.judged_as(run, Verdict.PASS, "1 worker, of 2, ran under fifo (sched_ext)", words)
        behind = (phases[0], dataclasses.replace(phases[1], step=BACKGROUND + 1))
        run = runs.good_run(workers=(runs.worker(phases=behind), runs.worker()), ran_under=())
        self.judged_as(run, Verdict.PASS, "cg_0 worker 0.0 (not in background 1)")

    def test_unknown_classes_are_no_pass(self) -> None:
        words = "not shown: a worker ran under fifo (sched_ext): nothing says which class it was in"
        self.judged_as(runs.good_run(ran_under=()), Verdict.INCONCLUSIVE, words)
        witness = WitnessFacts("no BTF", 1, 0, 0, 0, S, 2 * S, 0)
        run = runs.good_run(ran_under=(), witness=witness)
        self.judged_as(run, Verdict.INCONCLUSIVE, "which class it was in (no BTF)")

    def test_without_workers_the_attachment_is_all(self) -> None:
        of = runs.function_plan(checks=Checks(not_starved=True, clean_kernel_log=True))
        run = runs.good_run(of, workers=(), scenarios=())
        self.judged_as(run, Verdict.PASS, "the attachment is all that was tried")

    def test_payloads_are_evidence_as_workers_are(self) -> None:
        of = runs.function_plan(checks=Checks(clean_kernel_log=True))
        made = {"workers": (), "scenarios": (), "payloads": (runs.payload(),)}
        run = runs.good_run(of, **made)
        self.judged_as(run, Verdict.PASS, "1 payload ran under fifo")
        apart = dataclasses.replace(run.ran_under[0], samples={SchedClass.FAIR: 9})
        alone = runs.good_run(of, **made, ran_under=(apart,))
        words = "no worker ran under fifo: payload fio (fair)"
        self.judged_as(alone, Verdict.INCONCLUSIVE, words)

    def test_a_payload_that_nobody_saw_may_only_have_been_the_schedulers(self) -> None:
        of = runs.function_plan(checks=Checks(clean_kernel_log=True))
        made: dict[str, Any] = {"workers": (), "scenarios": (), "payloads": (runs.payload(),)}
        whole = (runs.scheduler(switch_all="1"),)
        run = runs.good_run(of, **made, ran_under=(), schedulers=whole)
        self.judged_as(run, Verdict.PASS, "ran under fifo (sched_ext)")
        run = runs.good_run(of, **made, ran_under=())
        self.judged_as(run, Verdict.INCONCLUSIVE, "nothing says which class it was in")

    def test_what_others_did_is_not_charged(self) -> None:
        late = runs.worker(
            index=1, pid=101, max_gap_ns=500 * runs.MS, requested="policy=deadline rt_priority=0"
        )
        run = runs.good_run(workers=(runs.worker(), late))
        self.judged_as(run, Verdict.FAIL, "cg_0 worker 0.1 (CpuSpin) was stuck for 500.0 ms")
        apart = dataclasses.replace(run.ran_under[1], samples={SchedClass.REALTIME: 9})
        run = dataclasses.replace(run, ran_under=(run.ran_under[0], apart))
        words = "but it never ran under fifo (realtime), so this is not its doing"
        self.judged_as(run, Verdict.INCONCLUSIVE, words)

    def test_the_class_that_a_worker_is_born_in_is_not_its_own(self) -> None:
        lazy = runs.worker(index=1, pid=101, work_units=0, cpu_ns=0, samples=0, ran_on={})
        run = runs.good_run(
            workers=(runs.worker(), lazy), ran_under=(seen(ext=90)[0], seen(realtime=5)[1])
        )
        self.judged_as(run, Verdict.FAIL, "cg_0 worker 0.1 (CpuSpin) did no work")

    @parameterized.parameters(Checks(max_gap_ms=100), None)
    def test_one_of_the_same_name_in_another_step_is_somebody_else(
        self, checks: Checks | None
    ) -> None:
        steps = tuple(
            StepFacts(i, "", (i + 1) * S, (i + 2) * S, (i + 2) * S, checks) for i in (0, 1)
        )
        above = runs.worker(
            step=1, pid=101, started_ns=2 * S, ended_ns=3 * S, max_gap_ns=500 * runs.MS
        )
        above = dataclasses.replace(above, requested="policy=fifo")
        run = runs.good_run(
            workers=(runs.worker(), above),
            scenarios=(ScenarioFacts(S, 3 * S, 2, 2, steps=steps),),
            ran_under=(seen(ext=90)[0], RanUnder(1, 2 * S, 3 * S, "cg_0", 101, {"realtime": 90})),
        )
        words = "but it never ran under fifo (realtime), so this is not its doing"
        self.judged_as(run, Verdict.INCONCLUSIVE, words)

    def test_time_that_others_took_is_not_the_schedulers_to_share(self) -> None:
        of = runs.plan(checks=Checks(max_spread_pct=10))
        above = runs.worker(cpu_ns=9 * S // 10, requested="policy=fifo")
        below = runs.worker(index=1, pid=101, cpu_ns=S // 10)
        run = runs.good_run(of, workers=(above, below))
        self.judged_as(run, Verdict.FAIL, "shares of 2 workers")
        apart = dataclasses.replace(run.ran_under[0], samples={SchedClass.REALTIME: 90})
        run = dataclasses.replace(run, ran_under=(apart, run.ran_under[1]))
        words = "but cg_0 worker 0.0 (realtime) never ran under fifo, so that it had not all"
        self.judged_as(run, Verdict.INCONCLUSIVE, words)

    def test_time_of_a_cgroup_that_others_took_is_not_the_schedulers_to_share(self) -> None:
        of = runs.plan(checks=Checks(max_share_error_pct=10))
        above = runs.worker(cpuset="0", cpu_ns=9 * S // 10, requested="policy=fifo")
        below = runs.worker(cgroup="cg_1", cpuset="0", pid=101, cpu_ns=S // 10)
        cgroups = tuple(CgroupFacts(name, 0, "0", "0", 100) for name in ("cg_0", "cg_1"))
        run = runs.good_run(of, workers=(above, below), cgroups=cgroups)
        self.judged_as(run, Verdict.FAIL, "cgroup cg_1 got 0.100 CPUs where its weight promises")
        apart = dataclasses.replace(run.ran_under[0], samples={SchedClass.REALTIME: 90})
        run = dataclasses.replace(run, ran_under=(apart, run.ran_under[1]))
        words = "; but cg_0 worker 0.0 (realtime) never ran under fifo, so that it had not all"
        self.judged_as(run, Verdict.INCONCLUSIVE, words)

    def test_one_whose_scheduler_was_started_again_was_under_it(self) -> None:
        middle = S + S // 2
        lives = (
            runs.scheduler(ended_ns=middle - S // 20),
            runs.scheduler(attached_ns=middle + S // 20, enable_seq="2"),
        )
        told = judge(runs.good_run(schedulers=lives, ran_under=seen(ext=90))).evidence
        self.assertIn("2 workers ran under fifo (sched_ext) in every phase", told)
        run = runs.good_run(schedulers=lives, ran_under=seen(fair=90))
        self.judged_as(run, Verdict.INCONCLUSIVE, "no worker ran under fifo")

    def test_one_that_the_test_ended_before_the_work_is_told_of(self) -> None:
        life = runs.scheduler(ended_ns=S + S // 10)
        run = runs.good_run(schedulers=(life,), ran_under=seen(fair=90))
        words = "no worker was there to be scheduled for the larger part of a phase"
        self.judged_as(run, Verdict.PASS, words)

    def test_figures_of_those_who_were_never_under_it_are_not_its(self) -> None:
        of = runs.plan(claims=(stat("cg_0.iterations").at_least(9_000),))
        self.judged_as(runs.good_run(of), Verdict.FAIL, "is not at least 9000")
        run = runs.good_run(of, ran_under=seen(fair=90))
        self.judged_as(run, Verdict.INCONCLUSIVE, "is not at least 9000; but it never ran under")

    def test_one_that_had_gone_before_it_had_a_worker(self) -> None:
        checks = dataclasses.replace(runs.ALL_CHECKS, scheduler_alive=False)
        life = runs.scheduler(
            exit_kind="ERROR_STALL",
            phase=SchedulerPhase.RUN,
            ended_by_us=False,
            ended_ns=S + S // 10,
        )
        run = runs.good_run(runs.plan(checks=checks), ran_under=seen(fair=80), schedulers=(life,))
        words = "no worker was under fifo for the larger part of a phase: it was gone before"
        self.judged_as(run, Verdict.INCONCLUSIVE, words)

    def test_bypass_for_most_of_the_time_is_a_remark(self) -> None:
        words = "for most of the looks at cg_0 worker 0.0, cg_0 worker 0.1 the kernel bypassed fifo"
        run = runs.good_run(ran_under=seen(ext=10, bypass=80))
        self.judged_as(run, Verdict.PASS, words)
        brief = judge(runs.good_run(ran_under=seen(ext=80, bypass=10)))
        self.assertEmpty(brief.remarks)

    def test_who_waited_for_a_scheduler_that_was_thrown_out_is_charged(self) -> None:
        late = runs.worker(index=1, pid=101, max_gap_ns=500 * runs.MS)
        checks = dataclasses.replace(runs.ALL_CHECKS, scheduler_alive=False)
        run = runs.good_run(
            runs.plan(checks=checks),
            workers=(runs.worker(), late),
            ran_under=seen(fair=90),
            schedulers=(
                runs.scheduler(
                    exit_kind="ERROR_STALL", phase=SchedulerPhase.RUN, ended_by_us=False
                ),
            ),
        )
        self.judged_as(run, Verdict.FAIL, "was stuck for 500.0 ms")

    def test_an_expected_ejection_passes_whatever_the_classes(self) -> None:
        of = runs.plan(expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, "stall"))
        life = runs.scheduler(
            exit_kind="ERROR_STALL", exit_reason="runnable task stall", ended_by_us=False
        )
        run = runs.good_run(of, schedulers=(life,), ran_under=())
        self.assertIs(judge(run).verdict, Verdict.PASS)


class LegsTest(absltest.TestCase):
    def why(self, name: SchedClass, baseline: bool) -> str:
        """What a comparison says in whose scheduler's, or EEVDF's, legs all ran under `name`."""
        run = compared_run([(10, 10), (11, 10)], not_worse_than("iterations_per_s", 1.2))
        assert run.plan.scenario is not None and run.plan.scenario.compared is not None
        place = run.plan.scenario.compared.place
        changed = tuple(
            dataclasses.replace(each, samples={name: 900})
            if each.step is not None and (place(each.step)[2] == EEVDF) is baseline
            else each
            for each in run.ran_under
        )
        judged = judge(dataclasses.replace(run, ran_under=changed))
        return judged.relative[0].why

    def test_legs_of_the_scheduler_that_are_eevdfs(self) -> None:
        why = self.why(SchedClass.FAIR, baseline=False)
        self.assertIn("in pair 0 no worker ran under the scheduler (fair)", why)
        self.assertIn("its leg is EEVDF's", why)

    def test_legs_of_eevdf_that_are_the_schedulers(self) -> None:
        why = self.why(SchedClass.EXT, baseline=True)
        self.assertIn("in pair 0 cg_0 worker 0.0 ran under sched_ext in EEVDF's leg", why)

    def test_legs_as_they_are_meant(self) -> None:
        self.assertIn("times as bad as EEVDF", self.why(SchedClass.EXT, baseline=False))

    def test_a_claim_about_a_cgroup_is_about_its_workers(self) -> None:
        claim = not_worse_than("iterations_per_s", 1.2, cgroup="cg_0")
        run = compared_run([(10, 10), (11, 10)], claim)
        apart = tuple(
            dataclasses.replace(each, samples={SchedClass.FAIR: 900}) for each in run.ran_under
        )
        others = tuple(dataclasses.replace(each, cgroup="cg_1", pid=101) for each in run.workers)
        under = tuple(dataclasses.replace(each, cgroup="cg_1", pid=101) for each in run.ran_under)
        run = dataclasses.replace(run, workers=(*run.workers, *others), ran_under=(*apart, *under))
        self.assertIn("no worker ran under the scheduler (fair)", judge(run).relative[0].why)

    def test_a_leg_of_which_nothing_is_known(self) -> None:
        run = compared_run([(10, 10), (11, 10)], not_worse_than("iterations_per_s", 1.2))
        judged = judge(dataclasses.replace(run, ran_under=()))
        self.assertIn("no worker is known to have run under the scheduler", judged.relative[0].why)
        self.assertIs(judged.relative[0].verdict, Verdict.INCONCLUSIVE)


if __name__ == "__main__":
    absltest.main()

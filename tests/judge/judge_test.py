# SPDX-License-Identifier: Apache-2.0
"""Whole runs: which verdict they get, which cause is named first, and on what a PASS rests."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest, parameterized

from ktstr.console.findings import ConsoleFinding, ConsoleKind
from ktstr.host.accel import Accel
from ktstr.host.ending import OUT_OF_TIME, Ending, EndingKind
from ktstr.host.sample import HostSample
from ktstr.judge.judge import judge
from ktstr.model.facts import CgroupFacts, End, ScenarioFacts
from ktstr.model.function_end import FunctionEnd as Ended
from ktstr.model.scenario.scenario import CgroupDef, defs
from ktstr.model.scheduler_phase import SchedulerPhase as Phase
from ktstr.model.verdict.checks import Checks, ExpectFail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.frames import Damage
from ktstr.record.run import RunRecord
from tests.support import runs

STALL = runs.scheduler(
    phase=Phase.RUN,
    ended_by_us=False,
    state_end="disabled",
    ops_end="",
    exit_kind="ERROR_STALL",
    exit_reason="runnable task stall",
    exit_message="w0.0.1[101] failed to run for 5.012s",
)
STALL_LINE = ConsoleFinding(
    ConsoleKind.SCHED_EXT, 40, 'sched_ext: BPF scheduler "fifo" disabled (runnable task stall)'
)


def starved_run(**changes: object) -> RunRecord:
    lazy = runs.worker(index=1, work_units=0, cpu_ns=0, samples=0, ran_on={})
    return dataclasses.replace(runs.good_run(runs.plan(**changes)), workers=(runs.worker(), lazy))


class PassTest(parameterized.TestCase):
    def test_a_good_run_passes_with_evidence(self) -> None:
        judged = judge(runs.good_run())
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertEqual(judged.details, ())
        self.assertIsNone(judged.first_cause)
        self.assertIn("scheduler fifo was attached as fifo to the end", judged.evidence)
        self.assertIn("all 9 frames of the guest arrived intact", judged.evidence)

    def test_the_default_class_passes_when_sched_ext_is_off(self) -> None:
        judged = judge(runs.good_run(runs.plan(scheduler=None)))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)

    def test_a_function_passes_when_it_returned(self) -> None:
        of = runs.function_plan(checks=Checks(not_starved=True, clean_kernel_log=True))
        judged = judge(runs.good_run(of, workers=(), scenarios=()))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)

    @parameterized.named_parameters(
        ("hello", {"hello": None}),
        ("end", {"end": None}),
        ("frames", {"end": End(10, 3)}),
        ("damage", {"damages": (Damage(17, 3, "CRC does not match"),)}),
        ("damage in the guest", {"test": runs.outcome(damages=("CRC does not match at byte 3",))}),
        ("scenario", {"scenarios": ()}),
        ("steps", {"scenarios": (ScenarioFacts(0, 1, 2, 1),)}),
        ("workers", {"workers": ()}),
        ("one worker", {"workers": (runs.worker(),)}),
        ("scheduler", {"schedulers": ()}),
        ("scheduler's state", {"schedulers": (runs.scheduler(state_end=""),)}),
        ("console", {"console": None}),
        ("agent", {"end": End(9, 3, "OSError: no space")}),
    )
    def test_whatever_is_missing_makes_it_inconclusive(self, changes: dict[str, object]) -> None:
        judged = judge(dataclasses.replace(runs.good_run(), **changes))  # type: ignore[arg-type]
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertNotEmpty(judged.details)

    def test_a_function_without_workers_cannot_show_what_was_asked_of_them(self) -> None:
        of = runs.function_plan(checks=runs.ALL_CHECKS.merge(Checks(isolation=True)))
        judged = judge(runs.good_run(of, workers=(), scenarios=(), cgroups=()))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("isolation", judged.details[0].message)

    def test_sched_ext_at_work_is_not_the_default_class(self) -> None:
        run = runs.good_run(
            runs.plan(scheduler=None), schedulers=(runs.no_scheduler(state_end="enabled"),)
        )
        self.assertIs(judge(run).verdict, Verdict.INCONCLUSIVE)


class EndingTest(parameterized.TestCase):
    @parameterized.named_parameters(
        ("killed", EndingKind.KILLED, "SIGKILL", Verdict.INCONCLUSIVE, Kind.INFRA),
        ("qemu", EndingKind.QEMU_ERROR, "no memory", Verdict.INCONCLUSIVE, Kind.INFRA),
        ("sigterm", EndingKind.TERMINATED, "SIGTERM", Verdict.INCONCLUSIVE, Kind.INFRA),
        ("hang", EndingKind.DEADLINE, "the test's body", Verdict.FAIL, Kind.HANG),
        ("timeout", EndingKind.DEADLINE, OUT_OF_TIME, Verdict.INCONCLUSIVE, Kind.INFRA),
        (
            "timeout in a phase",
            EndingKind.DEADLINE,
            f"{OUT_OF_TIME}, in the test's body",
            Verdict.INCONCLUSIVE,
            Kind.INFRA,
        ),
        ("panic", EndingKind.PANICKED, "", Verdict.FAIL, Kind.PANIC),
        ("reset", EndingKind.EXITED, "guest-reset", Verdict.INCONCLUSIVE, Kind.INFRA),
    )
    def test_a_guest_that_does_not_end_in_order(
        self, kind: EndingKind, detail: str, verdict: Verdict, expected: Kind
    ) -> None:
        run = runs.good_run(
            ending=Ending(kind, detail), end=None, workers=(), scenarios=(), schedulers=()
        )
        judged = judge(run)
        self.assertIs(judged.verdict, verdict)
        assert judged.first_cause is not None
        self.assertIs(judged.first_cause.kind, expected)

    def test_a_hang_in_boot_accuses_nobody(self) -> None:
        run = RunRecord(runs.plan(), Accel.VIRTUAL, Ending(EndingKind.DEADLINE, "boot"), console=())
        judged = judge(run)
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertEqual([d.kind for d in judged.details], [Kind.HANG])

    def test_a_panic_names_what_the_console_says_first(self) -> None:
        oops = ConsoleFinding(ConsoleKind.OOPS, 12, "Oops: 0002 [#1] PREEMPT SMP")
        last = ConsoleFinding(ConsoleKind.PANIC, 30, "Kernel panic - not syncing: Fatal exception")
        run = runs.good_run(ending=Ending(EndingKind.PANICKED), end=None, console=(oops, last))
        judged = judge(run)
        assert judged.first_cause is not None
        self.assertIs(judged.first_cause.kind, Kind.PANIC)
        self.assertIn("Oops: 0002", judged.first_cause.message)
        self.assertIn("console line 12", judged.first_cause.message)


class CauseTest(absltest.TestCase):
    def test_an_ejection_comes_before_what_it_leaves_behind(self) -> None:
        run = dataclasses.replace(
            starved_run(),
            schedulers=(STALL,),
            console=(ConsoleFinding(ConsoleKind.RCU_STALL, 9, "rcu: INFO: stall"), STALL_LINE),
            scenarios=(ScenarioFacts(0, 1, 1, 0, stopped_because="scheduler gone"),),
        )
        judged = judge(run)
        self.assertIs(judged.verdict, Verdict.FAIL)
        kinds = [detail.kind for detail in judged.details]
        self.assertEqual(
            kinds, [Kind.SCHEDULER_EJECTED, Kind.KERNEL_LOG, Kind.STARVED, Kind.NO_DATA]
        )
        assert judged.first_cause is not None
        self.assertIn("w0.0.1[101] failed to run for 5.012s", judged.first_cause.message)

    def test_an_oops_comes_before_the_ejection_that_followed(self) -> None:
        oops = ConsoleFinding(ConsoleKind.OOPS, 9, "BUG: kernel NULL pointer dereference")
        judged = judge(runs.good_run(schedulers=(STALL,), console=(oops, STALL_LINE)))
        self.assertEqual(
            [d.kind for d in judged.details], [Kind.KERNEL_LOG, Kind.SCHEDULER_EJECTED]
        )

    def test_checks_do_not_hide_one_another(self) -> None:
        bad = runs.worker(
            index=1, work_units=0, max_gap_ns=900 * runs.MS, cpuset="0", ran_on={1: 5}
        )
        of = runs.plan(checks=dataclasses.replace(runs.ALL_CHECKS, isolation=True))
        judged = judge(runs.good_run(of, workers=(runs.worker(cpuset="0-1"), bad)))
        self.assertEqual(
            {d.kind for d in judged.details}, {Kind.STARVED, Kind.STUCK, Kind.ISOLATION}
        )

    def test_another_topology_than_asked_is_told_with_both(self) -> None:
        of = runs.plan()
        seen = runs.hello(of, llcs=("0", "1"))
        judged = judge(runs.good_run(of, hello=seen))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        assert judged.first_cause is not None
        self.assertIs(judged.first_cause.kind, Kind.TOPOLOGY)
        self.assertIn("not 1n1l2c1t but 1n2l1c1t", judged.first_cause.message)
        self.assertIn("LLCs 0 | 1 where 0-1 was asked", judged.first_cause.message)

    def test_a_guest_with_another_plan_or_protocol_does_not_count(self) -> None:
        of = runs.plan()
        seen = runs.hello(of, plan_digest="beef", protocol=99)
        judged = judge(runs.good_run(of, hello=seen))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertEqual([d.kind for d in judged.details], [Kind.INFRA, Kind.INFRA])

    def test_a_cpuset_the_kernel_did_not_put_in_force_is_told(self) -> None:
        cgroup = CgroupFacts("cg_0", 0, "0", "0-1", 100)
        judged = judge(runs.good_run(cgroups=(cgroup,)))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("cpuset 0, but 0-1 is in force", judged.details[0].message)

    def test_a_scenario_without_workers_cannot_show_that_none_starved(self) -> None:
        of = runs.plan(scenario=defs(CgroupDef("cg_0", works=None)))
        self.assertIs(judge(runs.good_run(of, workers=())).verdict, Verdict.INCONCLUSIVE)
        off = dataclasses.replace(of, checks=Checks(not_starved=False, clean_kernel_log=True))
        self.assertIs(judge(runs.good_run(off, workers=())).verdict, Verdict.PASS)


class SchedulerTest(parameterized.TestCase):
    @parameterized.named_parameters(
        (
            "verification",
            {"phase": Phase.LOAD, "exit_status": "exit status 2", "log_tail": "R1 unbounded\n"},
            Kind.SCHEDULER_NOT_LOADED,
            "R1 unbounded",
        ),
        (
            "verifier's log",
            {"phase": Phase.LOAD, "log_tail": "1: (85) call\nR1 is not allowed\nprocessed 9 insns "
             "(limit 1000000)\n-- END PROG LOAD LOG --\nlibbpf: failed to load object\n"},
            Kind.SCHEDULER_NOT_LOADED,
            "the verifier said: R1 is not allowed",
        ),
        (
            "not attached",
            {"phase": Phase.ATTACH, "state_attached": "disabled", "ops_attached": ""},
            Kind.SCHEDULER_NOT_ATTACHED,
            "disabled with ops none where fifo was expected",
        ),
        (
            "died",
            {"phase": Phase.RUN, "ended_by_us": False, "exit_status": "killed by SIGSEGV"},
            Kind.SCHEDULER_DIED,
            "killed by SIGSEGV",
        ),
        (
            "bpf error",
            {"phase": Phase.RUN, "ended_by_us": False, "exit_kind": "ERROR_BPF",
             "exit_reason": "scx_bpf_error", "exit_message": "out of luck"},
            Kind.SCHEDULER_EJECTED,
            "scx_bpf_error: out of luck",
        ),
        ("other ops", {"ops_end": "other"}, Kind.SCHEDULER_DIED, "with ops other at the end"),
        ("stays", {"detached": False, "phase": Phase.RUN}, Kind.HANG, "did not detach"),
    )  # fmt: skip
    def test_each_end_has_its_kind(self, changes: dict[str, object], kind: Kind, text: str) -> None:
        log = {"exit_kind": "", "exit_reason": "", **changes}
        judged = judge(runs.good_run(schedulers=(runs.scheduler(**log),)))
        self.assertIs(judged.verdict, Verdict.FAIL)
        assert judged.first_cause is not None
        self.assertIs(judged.first_cause.kind, kind)
        self.assertIn(text, judged.first_cause.message)

    def test_one_that_never_ran_explains_the_missing_scenario(self) -> None:
        never = runs.scheduler(phase=Phase.LOAD, attached_ns=None, exit_kind="", exit_reason="")
        judged = judge(runs.good_run(schedulers=(never,), scenarios=(), workers=(), cgroups=()))
        self.assertEqual([d.kind for d in judged.details], [Kind.SCHEDULER_NOT_LOADED])

    def test_its_end_may_be_allowed(self) -> None:
        of = runs.plan(checks=dataclasses.replace(runs.ALL_CHECKS, scheduler_alive=False))
        judged = judge(runs.good_run(of, schedulers=(STALL,), console=()))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)

    def test_the_console_is_asked_when_the_guest_could_not_report(self) -> None:
        run = runs.good_run(
            schedulers=(), end=None, console=(STALL_LINE,), ending=Ending(EndingKind.DEADLINE, "x")
        )
        assert judge(run).first_cause is not None
        self.assertEqual(
            [d.kind for d in judge(run).details if d.verdict is Verdict.FAIL],
            [Kind.SCHEDULER_EJECTED, Kind.HANG],
        )


class FunctionTest(parameterized.TestCase):
    @parameterized.named_parameters(
        ("raised", {"outcome": Ended.RAISED, "detail": "ValueError: 3 (at t:7)"}, "ValueError: 3"),
        ("exited", {"outcome": Ended.EXITED, "detail": "sys.exit(0)"}, "sys.exit(0)"),
        ("signalled", {"outcome": Ended.SIGNALLED, "detail": "SIGSEGV"}, "SIGSEGV"),
        ("deadline", {"outcome": Ended.DEADLINE, "detail": "5 s"}, "timeout"),
        ("own word", {"verdict": "fail", "detail": "share is 3%"}, "share is 3%"),
        ("children", {"left_behind": ("sleep (sleep 100)",)}, "sleep 100"),
    )
    def test_these_fail(self, changes: dict[str, object], text: str) -> None:
        run = runs.good_run(runs.function_plan(), test=runs.outcome(**changes))
        judged = judge(run)
        self.assertIs(judged.verdict, Verdict.FAIL)
        self.assertIs(judged.details[0].kind, Kind.TEST_ERROR)
        self.assertIn(text, judged.details[0].message)

    def test_a_skip_says_why(self) -> None:
        skipped = runs.outcome(verdict="skip", detail="needs two LLCs")
        judged = judge(runs.good_run(runs.function_plan(), test=skipped, workers=(), scenarios=()))
        self.assertIs(judged.verdict, Verdict.SKIP)
        self.assertEqual(judged.details[0].message, "needs two LLCs")

    def test_a_failure_beats_a_skip(self) -> None:
        skipped = runs.outcome(verdict="skip", detail="no")
        judged = judge(runs.good_run(runs.function_plan(), test=skipped, schedulers=(STALL,)))
        self.assertIs(judged.verdict, Verdict.FAIL)


class ExpectFailTest(parameterized.TestCase):
    def test_the_expected_failure_passes(self) -> None:
        judged = judge(starved_run(expect_fail=ExpectFail(Kind.STARVED, r"worker 0\.1")))
        self.assertIs(judged.verdict, Verdict.PASS)
        self.assertIn("found: cg_0 worker 0.1", judged.expectation)

    def test_an_unexpected_pass_fails(self) -> None:
        judged = judge(runs.good_run(runs.plan(expect_fail=ExpectFail(Kind.STARVED))))
        self.assertIs(judged.verdict, Verdict.FAIL)
        assert judged.first_cause is not None
        self.assertIn("did not fail", judged.first_cause.message)

    @parameterized.named_parameters(
        ("kind", ExpectFail(Kind.UNFAIR)), ("text", ExpectFail(Kind.STARVED, "worker 7"))
    )
    def test_another_failure_stays_one(self, expected: ExpectFail) -> None:
        judged = judge(starved_run(expect_fail=expected))
        self.assertIs(judged.verdict, Verdict.FAIL)
        self.assertIn(f"expected a failure of kind {expected.kind}", judged.expectation)
        self.assertIn("found a failure of kind starved", judged.expectation)

    def test_the_ejection_brings_its_kernel_log_and_lost_workers(self) -> None:
        of = runs.plan(expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, "failed to run"))
        lost = runs.worker(index=1, work_units=0, samples=0, ran_on={}, completed=False)
        stalled = ConsoleFinding(ConsoleKind.SOFT_LOCKUP, 30, "watchdog: BUG: soft lockup")
        run = runs.good_run(
            of,
            schedulers=(STALL,),
            console=(stalled, STALL_LINE),
            workers=(runs.worker(), lost),
            scenarios=(ScenarioFacts(0, 1, 1, 0, stopped_because="scheduler gone"),),
        )
        self.assertIs(judge(run).verdict, Verdict.PASS, judge(run).details)

    def test_a_crash_beside_the_expected_failure_is_not_expected(self) -> None:
        oops = ConsoleFinding(ConsoleKind.OOPS, 9, "general protection fault")
        run = starved_run(expect_fail=ExpectFail(Kind.STARVED))
        judged = judge(dataclasses.replace(run, console=(oops,)))
        self.assertIs(judged.verdict, Verdict.FAIL)
        self.assertIn("general protection fault", judged.expectation)

    def test_missing_data_do_not_count_as_the_failure(self) -> None:
        of = runs.plan(expect_fail=ExpectFail(Kind.STARVED))
        self.assertIs(judge(runs.good_run(of, workers=())).verdict, Verdict.INCONCLUSIVE)

    def test_a_run_on_another_machine_does_not_count(self) -> None:
        run = starved_run(expect_fail=ExpectFail(Kind.STARVED))
        seen = runs.hello(run.plan, nodes=("0", "1"))
        judged = judge(dataclasses.replace(run, hello=seen))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)


class ContentionTest(parameterized.TestCase):
    def _stuck(self, accel: Accel, samples: tuple[HostSample, ...]) -> RunRecord:
        late = runs.worker(max_gap_ns=300 * runs.MS)
        return runs.good_run(
            accel=accel,
            workers=(late, runs.worker(index=1)),
            host_samples=samples,
            scenario_host_s=(1.0, 2.0),
        )

    def _samples(self, *waits_ms: int) -> tuple[HostSample, ...]:
        return tuple(
            HostSample(i * 0.5, 0, i * 400 * runs.MS, wait * runs.MS)
            for i, wait in enumerate(waits_ms)
        )

    @parameterized.named_parameters(
        ("a quiet host", (0, 0, 1, 2, 3, 3), Verdict.FAIL, Kind.STUCK),
        ("before the scenario", (0, 400, 400, 401, 402, 402), Verdict.FAIL, Kind.STUCK),
        ("a busy host", (0, 0, 0, 200, 400, 400), Verdict.INCONCLUSIVE, Kind.CONTENDED),
        ("one long wait", (0, 0, 0, 40, 40, 40), Verdict.INCONCLUSIVE, Kind.CONTENDED),
        ("no samples", (), Verdict.INCONCLUSIVE, Kind.CONTENDED),
    )
    def test_under_kvm_the_host_is_asked_first(
        self, waits: tuple[int, ...], verdict: Verdict, kind: Kind
    ) -> None:
        judged = judge(self._stuck(Accel.KVM, self._samples(*waits)))
        self.assertIs(judged.verdict, verdict)
        self.assertIs(judged.details[0].kind, kind)

    def test_in_virtual_time_the_host_is_no_excuse(self) -> None:
        run = self._stuck(Accel.VIRTUAL, self._samples(0, 0, 0, 400, 800))
        self.assertIs(judge(run).verdict, Verdict.FAIL)

    def test_what_is_no_matter_of_time_is_not_excused(self) -> None:
        run = self._stuck(Accel.KVM, self._samples(0, 0, 0, 200, 400, 400))
        error = (dataclasses.replace(STALL, exit_kind="ERROR_BPF"),)
        judged = judge(dataclasses.replace(run, schedulers=error, workers=(runs.worker(),)))
        self.assertIs(judged.details[0].kind, Kind.SCHEDULER_EJECTED)

    def test_the_watchdog_and_the_lockup_detectors_measure_time(self) -> None:
        lockup = ConsoleFinding(ConsoleKind.SOFT_LOCKUP, 7, "soft lockup - CPU#0 stuck")
        for busy, verdict in ((0, Verdict.FAIL), (400, Verdict.INCONCLUSIVE)):
            run = self._stuck(Accel.TCG, self._samples(0, 0, 0, busy // 2, busy, busy))
            run = dataclasses.replace(run, schedulers=(STALL,), workers=(runs.worker(),))
            self.assertIs(judge(dataclasses.replace(run, console=(lockup,))).verdict, verdict)


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""What payloads do to a verdict: failed checks, missing reports, and what is only remarked."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest, parameterized

from ktstr import metric
from ktstr.host.accel import Accel
from ktstr.host.sample import HostSample
from ktstr.judge.judge import judge
from ktstr.model.facts import PayloadFacts
from ktstr.model.function_end import FunctionEnd
from ktstr.model.payload import PayloadEnd
from ktstr.model.scenario.scenario import Backdrop, Loop, RunPayload, Scenario, Step, WaitPayload
from ktstr.model.verdict.checks import DEFAULT_CHECKS, ExpectFail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from tests.support import runs

KILLED: dict[str, Any] = {"end": PayloadEnd.KILLED, "exit_code": -1, "signal": "SIGKILL"}
SEGFAULT: dict[str, Any] = {"end": PayloadEnd.SIGNALLED, "exit_code": -1, "signal": "SIGSEGV"}
TIMEOUT: dict[str, Any] = {"end": PayloadEnd.TIMEOUT, "exit_code": -1, "signal": "SIGKILL"}


def run_with(*payloads: PayloadFacts, **changes: Any) -> RunRecord:
    return runs.good_run(payloads=payloads, **changes)


class VerdictTest(parameterized.TestCase):
    def test_checks_that_are_met_are_evidence(self) -> None:
        checks = (metric.ExitCodeEq(0), metric.Min("jobs.0.read.iops", 1_000))
        judged = judge(run_with(runs.payload(checks=checks, cgroup="cg_0")))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertEqual(judged.remarks, ())
        self.assertIn(
            "payload fio in cg_0 exited with code 0 and met its 2 checks", judged.evidence
        )

    @parameterized.parameters(
        (
            (metric.Min("jobs.0.read.iops", 1e6),),
            {},
            "limit",
            "= 1500 is below the minimum 1000000",
        ),
        ((metric.Exists("iops"),), {}, "metric", "payload fio: metric 'iops' not found; there are"),
        ((), {"exit_code": 7}, "end", "payload fio exited with code 7"),
        ((), SEGFAULT, "end", "payload fio was killed by SIGSEGV"),
        ((), TIMEOUT, "deadline", "payload fio did not end within 1 s"),
        (
            (metric.Exists("x"),),
            KILLED,
            "metric",
            "fio was killed by the test after 1 s; metric 'x'",
        ),
    )
    def test_a_failed_check_fails(
        self, checks: tuple[Any, ...], changes: dict[str, Any], about: str, words: str
    ) -> None:
        judged = judge(run_with(runs.payload(checks=checks, **changes)))
        self.assertIs(judged.verdict, Verdict.FAIL)
        (detail,) = judged.details
        self.assertIs(detail.kind, Kind.PAYLOAD)
        self.assertEqual(detail.subject, about)
        self.assertIn(words, detail.message)

    def test_a_payload_that_skips_itself_skips_the_test(self) -> None:
        checks = (metric.ExitCodeEq(0), metric.ExitCodeSkip(4), metric.Exists("x"))
        skipped = runs.payload(checks=checks, exit_code=4, stdout_tail="1..0 # SKIP one node\n")
        judged = judge(run_with(runs.payload(), skipped))
        self.assertIs(judged.verdict, Verdict.SKIP, judged.details)
        words = "payload fio skipped itself with exit code 4: 1..0 # SKIP one node"
        self.assertEqual([detail.message for detail in judged.details], [words])

    @parameterized.parameters(
        ({"exit_code": 1}, Verdict.FAIL),
        ({"error": "its pidfd was lost"}, Verdict.INCONCLUSIVE),
        ({"exit_code": 0}, Verdict.SKIP),
    )
    def test_a_skip_hides_nothing(self, other: dict[str, Any], verdict: Verdict) -> None:
        skipped = runs.payload(checks=(metric.ExitCodeSkip(4),), exit_code=4)
        self.assertIs(judge(run_with(skipped, runs.payload(**other))).verdict, verdict)

    def test_an_accepted_code_is_no_skip(self) -> None:
        checks = (metric.ExitCodeEq(0), metric.ExitCodeEq(4), metric.ExitCodeSkip(4))
        judged = judge(run_with(runs.payload(checks=checks, exit_code=4)))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)

    @parameterized.parameters(
        ((), {"exit_code": 4}, Verdict.SKIP),
        ((metric.ExitCodeEq(0),), {"exit_code": 4}, Verdict.FAIL),
        ((), SEGFAULT, Verdict.FAIL),
        ((), TIMEOUT, Verdict.FAIL),
        ((metric.Exists("x"),), {"exit_code": 0}, Verdict.FAIL),
    )
    def test_a_function_that_skips_has_looked_at_the_exit_code(
        self, checks: tuple[Any, ...], end: dict[str, Any], verdict: Verdict
    ) -> None:
        said = runs.outcome(verdict="skip", detail="needs two nodes")
        ran = runs.payload(checks=checks, **end)
        judged = judge(runs.good_run(runs.function_plan(), test=said, payloads=(ran,)))
        self.assertIs(judged.verdict, verdict, judged.details)
        if verdict is Verdict.SKIP:
            self.assertIn(
                "payload fio exited with code 4, and the test function said SKIP after that",
                judged.remarks,
            )

    def test_every_failed_check_is_a_detail(self) -> None:
        checks = (metric.Exists("x"), metric.Max("jobs.0.read.iops", 1), metric.Exists("y"))
        self.assertLen(judge(run_with(runs.payload(checks=checks))).details, 3)

    @parameterized.parameters(
        (
            {"end": PayloadEnd.NOT_STARTED, "pid": None, "error": "no interpreter"},
            "was not started: no",
        ),
        ({"error": "its pidfd was lost"}, "could not be followed: its pidfd was lost"),
        (
            {"end": PayloadEnd.DROPPED, "checks": (metric.Exists("x"),)},
            "its 1 checks were not judged",
        ),
    )
    def test_what_could_not_be_checked_is_inconclusive(
        self, changes: dict[str, Any], words: str
    ) -> None:
        judged = judge(run_with(runs.payload(**changes)))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn(words, judged.details[0].message)

    def test_an_end_that_is_not_known_fails_nothing(self) -> None:
        lost = runs.payload(exit_code=-1, error="its exit status is lost")
        self.assertIs(judge(run_with(lost)).verdict, Verdict.INCONCLUSIVE)
        # that it was too late is known, whatever came of it then
        stuck = runs.payload(**TIMEOUT, error="still there 5 s after SIGKILL")
        judged = judge(run_with(stuck))
        self.assertIs(judged.verdict, Verdict.FAIL)
        self.assertIn("could not be followed: still there", judged.details[1].message)

    def test_an_expected_failure(self) -> None:
        of = runs.plan(expect_fail=ExpectFail(Kind.PAYLOAD, "below the minimum"))
        checks = (metric.Min("jobs.0.read.iops", 1e6),)
        judged = judge(runs.good_run(of, payloads=(runs.payload(checks=checks),)))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)

    def test_a_function_that_raised_over_a_payload_is_its_consequence(self) -> None:
        raised = runs.outcome(outcome=FunctionEnd.RAISED, detail="AssertionError")
        made = runs.good_run(
            runs.function_plan(), test=raised, payloads=(runs.payload(exit_code=1),)
        )
        first = judge(made).first_cause
        assert first is not None
        self.assertIs(first.kind, Kind.PAYLOAD)


class RemarkTest(parameterized.TestCase):
    @parameterized.parameters(
        ({"left_behind": ("sh[77]", "fio[78]")}, "which were killed: sh[77], fio[78]"),
        ({"end": PayloadEnd.DROPPED, "notes": ("left behind",)}, "payload fio: left behind"),
        ({"notes": ("stdout: odd",)}, "payload fio: stdout: odd"),
    )
    def test_it_is_visible_and_changes_no_verdict(
        self, changes: dict[str, Any], words: str
    ) -> None:
        judged = judge(run_with(runs.payload(**changes)))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertLen(judged.remarks, 1)
        self.assertIn(words, judged.remarks[0])

    def test_it_does_not_stand_in_for_evidence(self) -> None:
        made = run_with(runs.payload(notes=("odd",)), console=None)
        self.assertIs(judge(made).verdict, Verdict.INCONCLUSIVE)


class PlannedTest(absltest.TestCase):
    def planned(self, *payloads: PayloadFacts, **changes: Any) -> RunRecord:
        scenario = Scenario(
            backdrop=Backdrop(ops=(RunPayload("stress"),)),
            steps=(
                Step(ops=(RunPayload("fio", cgroup="/cg_0"), WaitPayload("fio")), hold=Loop(0.1)),
                Step(ops=(RunPayload("fio", cgroup="cg_0"),)),
            ),
        )
        return runs.good_run(
            runs.plan(scenario=scenario, checks=DEFAULT_CHECKS),
            workers=(),
            payloads=payloads,
            **changes,
        )

    def test_all_reported(self) -> None:
        fio, stress = runs.payload(cgroup="cg_0"), runs.payload(payload="stress")
        judged = judge(self.planned(fio, fio, stress, fio))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertIn("4 of at least 3 planned runs of payloads were reported", judged.evidence)

    def test_a_payload_that_reported_nothing(self) -> None:
        judged = judge(self.planned(runs.payload(cgroup="cg_0"), runs.payload(cgroup="other")))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertEqual(
            [detail.message for detail in judged.details],
            [
                "payload stress was to be started and reported nothing",
                "payload fio in cg_0 was to be started and reported nothing",
            ],
        )

    def test_nothing_at_all(self) -> None:
        judged = judge(self.planned())
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("was to be started 2 times more and", judged.details[1].message)


class ContentionTest(parameterized.TestCase):
    @parameterized.parameters(
        ((metric.Max("jobs.0.read.iops", 1),), {}, True),
        ((), TIMEOUT, True),
        ((), SEGFAULT, False),
        ((), {"exit_code": 1}, False),
        ((metric.Exists("x"),), {}, False),
    )
    def test_only_what_a_slow_host_can_cause_is_excused(
        self, checks: tuple[Any, ...], changes: dict[str, Any], excused: bool
    ) -> None:
        samples = tuple(
            HostSample(float(second), vcpu, run_ns=0, wait_ns=second * runs.S // 2)
            for second in range(3)
            for vcpu in range(2)
        )
        busy = dataclasses.replace(
            run_with(runs.payload(checks=checks, **changes)),
            accel=Accel.KVM,
            host_samples=samples,
            scenario_host_s=(0.5, 1.5),
        )
        (detail,) = judge(busy).details
        self.assertIs(detail.kind, Kind.CONTENDED if excused else Kind.PAYLOAD)


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""max_wasted_cpu_pct: idle CPUs while tasks wait, by CPU, with the LLC and node around it."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.judge.checks.conservation import MAX_WASTED
from ktstr.judge.judge import judge
from ktstr.model.facts import Event, ScenarioFacts, StepFacts
from ktstr.model.verdict.checks import Checks, Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from ktstr.model.wire.witness import CpuIdleness, Idleness, WitnessFacts
from ktstr.record.run import RunRecord
from tests.support import runs

S, MS = runs.S, runs.MS
_WITNESS = WitnessFacts("", 4 * MS, 250, 0, 0, S, 2 * S, MS)
_LIMITED = Checks(not_starved=True, max_wasted_cpu_pct=10)


def cpu(number: int, wasted_ms: int) -> CpuIdleness:
    """A CPU that stood idle for a while, all of it in vain."""
    wasted = wasted_ms * MS
    return CpuIdleness(number, wasted, wasted, wasted // 2, 2 * S, f"spin[{number}]" * bool(wasted))


def run_of(*wasted_ms: int, checks: Checks = _LIMITED, **changes: Any) -> RunRecord:
    """A step of one second on two LLCs of two CPUs, each wasted for so long."""
    of = runs.plan(topology="1n2l2c1t", checks=checks)
    seen = Idleness(0, S, 2 * S, tuple(cpu(i, ms) for i, ms in enumerate(wasted_ms)))
    scenario = ScenarioFacts(S, 2 * S, 1, 1, steps=(StepFacts(0, "", S, 2 * S, 2 * S),))
    hello = runs.hello(of, llcs=("0-1", "2-3"), nodes=("0-3",), online="0-3", cores=tuple("0123"))
    made: dict[str, Any] = {
        "hello": hello,
        "scenarios": (scenario,),
        "idleness": (seen,),
        "witness": _WITNESS,
    }
    return runs.good_run(of, **made | changes)


def details_of(run: RunRecord) -> tuple[Detail, ...]:
    return judge(run).details


class ConservationTest(parameterized.TestCase):
    def test_a_wasted_cpu_fails_with_all_that_is_known(self) -> None:
        found = details_of(run_of(0, 0, 980, 950))
        self.assertEqual([each.subject for each in found], ["CPU 2", "CPU 3"])
        self.assertEqual({each.kind for each in found}, {Kind.WORK_CONSERVATION})
        self.assertEqual({each.verdict for each in found}, {Verdict.FAIL})
        self.assertEqual(
            found[0].message,
            "CPU 2 stood idle while a task that may run there waited in step 0: 0.98 of 1.00 s, "
            "0.49 s of it at a stretch, in which spin[2] waited last; LLC 1: 96%, node 0: 48% "
            "(limit 10 % of the time)",
        )

    def test_within_the_limit(self) -> None:
        judged = judge(run_of(0, 20, 100, 0))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        line = next(each for each in judged.checks if each.name == "max_wasted_cpu_pct")
        self.assertEqual((line.measured, line.subject), (10.0, "CPU 2"))

    @parameterized.parameters((199, 0), (200, 1))
    def test_a_remark_from_some_tenths_of_a_second_on(self, wasted_ms: int, told: int) -> None:
        run = run_of(0, 0, wasted_ms, wasted_ms, checks=Checks(not_starved=True))
        judged = judge(run)
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        words = [each for each in judged.remarks if each.startswith("CPUs 2-3 stood idle while")]
        self.assertLen(words, told)

    def test_between_steps_nothing_is_judged(self) -> None:
        seen = Idleness(None, S, 2 * S, (cpu(0, 1000),))
        of_step = run_of(0, 0, 0, 0).idleness
        judged = judge(run_of(0, 0, 0, 0, idleness=(*of_step, seen)))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertIn("CPU 0 stood idle while", judged.remarks[0])
        self.assertIn("between steps", judged.remarks[0])

    @parameterized.named_parameters(
        ("no_witness", {"witness": None}, "the guest's witness did not report"),
        (
            "failed",
            {"witness": dataclasses.replace(_WITNESS, error="no BTF"), "idleness": ()},
            "nobody watched for idle CPUs: no BTF",
        ),
        ("nothing", {"idleness": ()}, "cover 0% of it only"),
        ("late", {"witness": dataclasses.replace(_WITNESS, late=200)}, "cover 20% of it only (200"),
        (
            "slow",
            {"witness": dataclasses.replace(_WITNESS, period_ns=200 * MS)},
            "too short (1.000",
        ),
        ("no_step", {"scenarios": (ScenarioFacts(S, 2 * S, 1, 1),)}, "no step was looked at"),
    )
    def test_what_was_not_seen_is_inconclusive(self, changes: dict[str, Any], words: str) -> None:
        found = details_of(run_of(0, 0, 0, 0, **changes))
        self.assertEqual([each.verdict for each in found], [Verdict.INCONCLUSIVE])
        self.assertIn(words, found[0].message)

    def test_a_cpu_that_was_there_and_not_looked_at(self) -> None:
        run = run_of(0, 0, 0, 0)
        (seen,) = run.idleness
        run = dataclasses.replace(run, idleness=(dataclasses.replace(seen, cpus=seen.cpus[:3]),))
        (found,) = details_of(run)
        self.assertIs(found.verdict, Verdict.INCONCLUSIVE)
        self.assertEqual(found.message, "step 0: nobody looked at CPU 3")
        gone = Event(S - 1, EventName.CPU_OFFLINE, None, "3")
        self.assertEmpty(details_of(dataclasses.replace(run, events=(gone, *run.events))))

    def test_it_needs_no_workers(self) -> None:
        checks = Checks(max_wasted_cpu_pct=10, not_starved=False)
        of = runs.plan(topology="1n2l2c1t", checks=checks)
        run = run_of(0, 0, 980, 0)
        payload = runs.payload()
        run = dataclasses.replace(
            run, plan=of, workers=(), payloads=(payload,), ran_under=runs.seen(of, (payload,))
        )
        judged = judge(run)
        self.assertIn(Kind.WORK_CONSERVATION, [each.kind for each in judged.details])
        self.assertIn("max_wasted_cpu_pct", [each.name for each in judged.checks])

    def test_a_run_that_the_scheduler_had_no_part_in_is_not_charged(self) -> None:
        run = run_of(0, 0, 980, 0)
        apart = tuple(dataclasses.replace(each, samples={"fair": 9}) for each in run.ran_under)
        self.assertIs(
            judge(dataclasses.replace(run, ran_under=apart)).verdict, Verdict.INCONCLUSIVE
        )

    def test_the_unit_is_said(self) -> None:
        self.assertEqual(MAX_WASTED.unit, "% of the time")


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""max_verified_insns: programs that come near what the verifier gives up at."""

from __future__ import annotations

from typing import Any

from absl.testing import absltest

from ktstr.judge.judge import judge
from ktstr.model.verdict.checks import Checks, Verdict, parse_checks
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.programs import Program, SchedulerPrograms
from ktstr.record.run import RunRecord
from tests.support import runs

_PROGRAMS = (
    Program("mine_enqueue", "struct_ops", 700_000, 900, 5000, 0),
    Program("mine_dispatch", "struct_ops", 800, 90, 500, 2, 10, 2000),
)


def _run(*programs: Program, limit: float = 500_000, **changes: Any) -> RunRecord:
    told = SchedulerPrograms(1, "mine", programs, **changes)
    return runs.good_run(runs.plan(checks=Checks(max_verified_insns=limit)), programs=(told,))


class VerifierTest(absltest.TestCase):
    def test_a_program_past_the_budget(self) -> None:
        judged = judge(_run(*_PROGRAMS))
        (detail,) = judged.details
        self.assertEqual(
            (detail.kind, detail.verdict, detail.subject),
            (Kind.VERIFIER_BUDGET, Verdict.FAIL, "mine_enqueue"),
        )
        self.assertEqual(
            detail.message,
            "program mine_enqueue of scheduler mine: the verifier took 700000 steps for its 900 "
            "instructions, 70% of those after which it gives up (limit 500000 instructions)",
        )

    def test_within_the_budget(self) -> None:
        judged = judge(_run(*_PROGRAMS, limit=700_000))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        (line,) = (each for each in judged.checks if each.name == "max_verified_insns")
        self.assertEqual((line.measured, line.subject), (700_000, "mine_enqueue"))

    def test_what_the_verifier_kept(self) -> None:
        figures = {
            "max_verified_states": ("total_states", 40),
            "max_verified_peak_states": ("peak_states", 30),
            "max_verified_states_per_insn": ("max_states_per_insn", 5),
            "max_verified_stack_bytes": ("stack_bytes", 300),
        }
        told = dict(figures.values())
        program = Program("mine_enqueue", "struct_ops", 700, 900, 5000, 0, **told)
        for check, (_, figure) in figures.items():
            for limit, verdict in ((figure, Verdict.PASS), (figure - 1, Verdict.FAIL)):
                plan = runs.plan(checks=parse_checks({check: str(limit)}))
                self.assertTrue(plan.tells_programs)
                life = SchedulerPrograms(1, "mine", (program,))
                judged = judge(runs.good_run(plan, programs=(life,)))
                self.assertIs(judged.verdict, verdict, judged.details)
                for detail in judged.details:
                    self.assertIs(detail.kind, Kind.VERIFIER_BUDGET)
                    self.assertIn(f"scheduler mine: {figure} ", detail.message)

    def test_programs_that_another_loaded_tell_less(self) -> None:
        plan = runs.plan(checks=Checks(max_verified_states=10.0))
        life = SchedulerPrograms(1, "mine", (_PROGRAMS[1],))
        judged = judge(runs.good_run(plan, programs=(life,)))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        (detail,) = judged.details
        self.assertIn("only programs that the generic loader loads tell of it", detail.message)

    def test_what_is_not_known_passes_nobody(self) -> None:
        for run in (
            _run(),
            _run(error="bpf command 11: EPERM"),
            runs.good_run(runs.plan(checks=Checks(max_verified_insns=1.0))),
        ):
            judged = judge(run)
            self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
            self.assertEqual([each.kind for each in judged.details], [Kind.NO_DATA])


if __name__ == "__main__":
    absltest.main()

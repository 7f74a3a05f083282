# SPDX-License-Identifier: Apache-2.0
"""What always holds must have held; where nobody could look, it matters if somebody asked."""

import dataclasses
from typing import Any

from absl.testing import absltest

from ktstr.introspect.invariants.findings import (
    Broken,
    Counted,
    InvariantFindings,
    Lacked,
    Term,
)
from ktstr.judge.judge import judge
from ktstr.judge.judgement import Judgement
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from tests.support import runs

HELD = InvariantFindings(
    (Counted("a", 10, 0, 0), Counted("b", 5, 0, 2), Counted("c", 0, 0, 0)),
    lacked=(Lacked("d", "there is no field x"),),
)
BROKEN = Broken(
    "b",
    "All of it is there.",
    "kernel/sched/fair.c f",
    False,
    "return of enqueue_task",
    1,
    2_500_000_001,
    "w0",
    77,
    (Term("rq.nr_running", -1), Term("rq.curr", -(1 << 62))),
)
FAILED = dataclasses.replace(
    HELD,
    counted=(Counted("a", 10, 0, 0), Counted("b", 5, 3, 0)),
    broken=(BROKEN, dataclasses.replace(BROKEN, cpu=0)),
)


def looked(
    found: InvariantFindings | None, layer: str = "default", *, on: bool = True
) -> RunRecord:
    """A good run in which that was found, with the check from that layer."""
    plan = runs.plan()
    checks = dataclasses.replace(plan.checks, invariants=on)
    layers = {**plan.check_layers, "invariants": layer}
    changes: dict[str, Any] = {"invariants": found}
    return runs.good_run(dataclasses.replace(plan, checks=checks, check_layers=layers), **changes)


def line(judged: Judgement) -> list[Verdict]:
    return [check.verdict for check in judged.checks if check.name == "invariants"]


class InvariantsTest(absltest.TestCase):
    def test_where_all_held_the_run_says_so(self) -> None:
        judged = judge(looked(HELD))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertIn("2 invariants of the kernel held at 15 looks", judged.evidence)
        self.assertEqual(line(judged), [Verdict.PASS])

    def test_one_that_did_not_hold_fails_once_with_all_about_it(self) -> None:
        judged = judge(looked(FAILED))
        self.assertIs(judged.verdict, Verdict.FAIL)
        (detail,) = [each for each in judged.details if each.kind is Kind.INVARIANT]
        self.assertEqual(detail.subject, "b")
        self.assertEqual(
            detail.message,
            "b did not hold 3 times, first at the return of enqueue_task on CPU 1 with w0[77] "
            "there, 2.500000001 s by its runqueue's clock: All of it is there. rq.nr_running = -1, "
            "rq.curr = 0xc000000000000000 (kernel/sched/fair.c f; no scheduler in BPF can break "
            "it)",
        )
        self.assertEqual(line(judged), [Verdict.FAIL])

    def test_a_scheduler_may_be_who_broke_it(self) -> None:
        broken = dataclasses.replace(BROKEN, of_scheduler=True)
        judged = judge(looked(dataclasses.replace(FAILED, broken=(broken,))))
        self.assertIn("a BPF scheduler can break it", judged.details[0].message)

    def test_without_a_record_of_it_the_count_is_enough(self) -> None:
        judged = judge(looked(dataclasses.replace(FAILED, broken=())))
        self.assertIs(judged.verdict, Verdict.FAIL)
        self.assertIn("b did not hold 3 times; no record says where", judged.details[0].message)

    def test_by_default_nothing_to_look_at_is_no_matter(self) -> None:
        for found in (None, InvariantFindings(problem="no plugin")):
            judged = judge(looked(found))
            self.assertIs(judged.verdict, Verdict.PASS, judged.details)
            self.assertEqual(line(judged), [])

    def test_asked_for_by_name_it_is(self) -> None:
        judged = judge(looked(InvariantFindings(problem="no plugin"), "test"))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("nothing could be told of any: no plugin", judged.details[0].message)
        self.assertEqual(line(judged), [Verdict.INCONCLUSIVE])

    def test_one_that_the_kernel_lacks_is_named_if_asked_for(self) -> None:
        judged = judge(looked(HELD, "test"))
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE)
        self.assertIn(
            "1 of them cannot be looked at in this kernel: d (there is no field x)",
            judged.details[0].message,
        )
        self.assertEqual(line(judged), [Verdict.INCONCLUSIVE])
        many = tuple(Lacked(f"d{number}", "no x") for number in range(6))
        (detail, *_) = judge(looked(dataclasses.replace(HELD, lacked=many), "test")).details
        self.assertIn("d3 (no x); and 2 more", detail.message)

    def test_one_that_fails_says_more_than_one_that_lacks(self) -> None:
        judged = judge(looked(FAILED, "test"))
        self.assertIs(judged.verdict, Verdict.FAIL)
        self.assertEqual(line(judged), [Verdict.FAIL])

    def test_of_what_a_kernel_is_built_without_there_is_a_remark(self) -> None:
        lacked = tuple(Lacked(name, "no x", "CONFIG_UCLAMP_TASK") for name in "de")
        found = dataclasses.replace(HELD, lacked=lacked)
        judged = judge(looked(found, "test"))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertEqual(line(judged), [Verdict.PASS])
        self.assertIn(
            "the kernel is built without CONFIG_UCLAMP_TASK, and has nothing of which these speak: "
            "d, e",
            judged.remarks,
        )
        self.assertNotIn("UCLAMP", "".join(judge(looked(found)).remarks))

    def test_in_a_kernel_of_which_nobody_knows_it_is_a_remark_unless_asked_for(self) -> None:
        found = dataclasses.replace(FAILED, proven=False)
        judged = judge(looked(found))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        (remark,) = [each for each in judged.remarks if "b did not hold 3 times" in each]
        self.assertIn("not judged: nobody has yet seen", remark)
        self.assertEqual(line(judged), [])
        self.assertIs(judge(looked(found, "test")).verdict, Verdict.FAIL)

    def test_off_nothing_is_judged(self) -> None:
        judged = judge(looked(FAILED, on=False))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertEqual(line(judged), [])


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""What code a run reached, and what the verifier refused, in results and reports."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.introspect.coverage.coverage import Coverage, FileCoverage, Function
from ktstr.model.wire.programs import Program, SchedulerPrograms
from ktstr.report.text import text_report
from tests.support import results, runs

_MINE = FileCoverage(
    "my/mine.bpf.c",
    {3: 1, 9: 0},
    {"mine_init": Function("mine_init", 3, 1), "mine_exit": Function("mine_exit", 9, 0)},
)
_EXT = FileCoverage("kernel/sched/ext.c", {1: 1}, {"scx_a": Function("scx_a", 1, 0)})
_LOADER = FileCoverage("user/loader", functions={"main": Function("main", 0, 1)})


class LookedPartTest(absltest.TestCase):
    def test_nobody_asked(self) -> None:
        result = results.result(runs.good_run())
        self.assertFalse(result.HasField("coverage"))
        self.assertNotIn("code reached", text_report(result))

    def test_what_was_reached(self) -> None:
        coverage = Coverage((_MINE,), (_EXT,), (_LOADER,), lacks=("no lines of X",))
        result = results.result(runs.good_run(coverage=coverage))
        (mine,), (ext,) = result.coverage.subject, result.coverage.kernel
        self.assertEqual((mine.lines, mine.lines_reached, list(mine.missed)), (2, 1, ["mine_exit"]))
        self.assertEqual((ext.functions, ext.functions_reached, list(ext.missed)), (1, 0, []))
        section = text_report(result).partition("--- code reached ---\n")[2]
        self.assertEqual(
            [line.strip() for line in section.splitlines()[:4]],
            [
                "my/mine.bpf.c: 1 of 2 lines, 1 of 2 functions; not reached: mine_exit",
                "kernel/sched: 1 of 1 lines, 0 of 1 functions",
                "user/loader: 1 of 1 functions",
                "no lines of X",
            ],
        )

    def test_why_nothing_is_known(self) -> None:
        result = results.result(runs.good_run(coverage=Coverage(problem="no plugin")))
        self.assertIn("--- code reached ---\n  no plugin\n", text_report(result))

    def test_what_the_verifier_kept(self) -> None:
        program = Program("mine_init", "struct_ops", 800, 90, 500, 0, None, None, 30, 20, 4, 64)
        told = SchedulerPrograms(1, "mine", (program,))
        result = results.result(runs.good_run(programs=(told,)))
        (life,) = result.bpf.lives
        self.assertEqual((life.programs[0].total_states, life.programs[0].stack_bytes), (30, 64))
        words = "; 30 states, 20 at once, 4 at most at an instruction; 64 bytes of stack"
        self.assertIn(words, text_report(result))


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""What a scheduler told of itself, as figures of a result."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.model.facts import ScenarioFacts, StepFacts
from ktstr.model.wire.stats import SchedulerStats
from ktstr.report.text import text_report
from ktstr.result import result_pb2
from tests.support import results, runs


def _told(step: int, at_ns: int, number: int) -> SchedulerStats:
    line = f'{{"errno":0,"args":{{"resp":{{"layers":{{"n":{number}}}}}}}}}'
    return SchedulerStats("fifo", step, at_ns, at_ns + 1, line)


def _figures(result: result_pb2.Result) -> list[tuple[str, float, int | None]]:
    return [
        (each.name, each.value, each.step if each.HasField("step") else None)
        for each in result.figures
        if each.name.startswith("stats.")
    ]


class ToldTest(absltest.TestCase):
    def test_each_step_has_its_own(self) -> None:
        told = (_told(0, runs.S, 3), _told(1, runs.S + 5, 7))
        result = results.result(runs.good_run(stats=told))
        self.assertEqual(_figures(result), [("stats.layers.n", 3, 0), ("stats.layers.n", 7, 1)])
        self.assertEqual([each.line for each in result.scheduler_stats], [t.line for t in told])

    def test_those_of_the_only_step_are_the_runs(self) -> None:
        result = results.result(runs.good_run(stats=(_told(0, runs.S, 3),)))
        self.assertEqual(_figures(result), [("stats.layers.n", 3, None)])

    def test_the_only_one_that_was_told_of_several_is_that_steps(self) -> None:
        steps = tuple(StepFacts(i, "", runs.S, runs.S + 9, runs.S + 9) for i in range(2))
        played = ScenarioFacts(runs.S, 2 * runs.S, 2, 2, steps=steps)
        run = runs.good_run(scenarios=(played,), stats=(_told(1, runs.S, 3),))
        self.assertEqual(_figures(results.result(run)), [("stats.layers.n", 3, 1)])

    def test_a_silent_step_has_its_reason(self) -> None:
        silent = SchedulerStats("fifo", 0, runs.S, runs.S + 1, problem="it was not attached")
        result = results.result(runs.good_run(stats=(silent,)))
        self.assertEqual(_figures(result), [])
        self.assertEqual(result.scheduler_stats[0].problem, "it was not attached")
        self.assertIn(
            "scheduler fifo told no statistics of step 0: it was not attached", result.remarks
        )

    def test_nobody_asked(self) -> None:
        result = results.result(runs.good_run())
        self.assertEqual(_figures(result), [])
        self.assertNotIn("told by the scheduler", text_report(result))

    def test_the_report_has_a_column_for_each_step(self) -> None:
        told = (_told(0, runs.S, 3), _told(1, runs.S + 5, 12_345_678))
        report = text_report(results.result(runs.good_run(stats=told)))
        section = report.partition("--- told by the scheduler ---\n")[2].splitlines()
        self.assertEqual(
            section[:2], ["            step 0    step 1", "  layers.n       3  12345678"]
        )
        self.assertStartsWith(section[2], "---")

    def test_a_long_table_is_cut(self) -> None:
        numbers = ",".join(f'"n{i}":{i}' for i in range(60))
        line = f'{{"errno":0,"args":{{"resp":{{{numbers}}}}}}}'
        told = tuple(SchedulerStats("fifo", i, runs.S, runs.S + 1, line) for i in range(10))
        report = text_report(results.result(runs.good_run(stats=told)))
        section = report.partition("--- told by the scheduler ---\n")[2].partition("---")[0]
        self.assertIn("(2 steps more in result.json)", section)
        self.assertIn("and 20 more in result.json", section)
        self.assertNotIn("n40", section)


if __name__ == "__main__":
    absltest.main()

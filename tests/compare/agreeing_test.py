# SPDX-License-Identifier: Apache-2.0
"""What many tests in virtual time agree on."""

from __future__ import annotations

import collections
import csv
import itertools
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from absl.testing import absltest, parameterized

from ktstr.compare.agreeing import FEWEST, Votes, agreed
from ktstr.compare.finding import Finding, Outcome
from ktstr.result import result_pb2
from tests.compare.comparing import CompareTest
from tests.support.saved_results import made

_LEVEL = 0.05
# Ten tests of the catalogue (basic, dynamic) under //sched/fifo on 1n2l2c1t and Linux 6.12, with
# what calls cost (KTSTR_LOOK=op_costs): as it is, as //tests/slowed, and with TEST_RANDOM_SEED=12.
_RECORDED = Path(__file__).with_name("recorded") / "slowed.csv"
_TESTS = [{"test": f"t{number}"} for number in range(30)]
_ENQUEUE = "op.enqueue.instructions_p50"
# The column that a figure is of, and what becomes of its values.
Changed = tuple[str, Callable[[float], float]]
_SUITES, _MOST_WITH_ALARMS = 100, 8


def moved(name: str, ways: str) -> list[Finding]:
    """A finding of that name in each of some tests: + worse, - better, 0 changed."""
    outcomes = {"+": Outcome.WORSE, "-": Outcome.BETTER, "0": Outcome.CHANGED}
    return [
        Finding(pair, name, "", "", outcomes[way], 1.0, 2.0, name=name)
        for pair, way in zip(_TESTS, ways, strict=False)
    ]


def outcomes(found: list[Finding]) -> str:
    """The first letter of each finding's outcome."""
    return "".join(each.outcome[0] for each in agreed(found, _LEVEL)[0])


class AgreedTest(parameterized.TestCase):
    @parameterized.parameters(
        ("+" * 6, "wwwwww"),
        ("-" * 6, "bbbbbb"),
        ("+" * 5, "wwwww"),  # too few tests to learn anything from
        ("++-", "wwb"),
        ("+++++-", "cccccc"),
        ("+" * 11 + "-", "w" * 11 + "c"),
        ("+0000000", "cccccccc"),
    )
    def test_a_figure_is_judged_where_tests_agree(self, ways: str, expected: str) -> None:
        self.assertEqual(outcomes(moved("a", ways)), expected)

    def test_several_figures_make_agreement_less_telling(self) -> None:
        many = [each for number in range(40) for each in moved(f"a{number}", "+-+-+-")]
        self.assertEqual(set(outcomes(many + moved("b", "+" * 6))), {"c"})

    def test_kinds_of_figures_do_not_hide_each_other(self) -> None:
        many = [each for number in range(40) for each in moved(f"a{number}", "+-+-+-")]
        found = agreed(many + moved("op.enqueue.instructions_p50", "+" * 6), _LEVEL)[0]
        self.assertEqual({each.outcome for each in found[-6:]}, {Outcome.WORSE})

    def test_figures_of_few_tests_hide_no_other(self) -> None:
        few = [each for number in range(40) for each in moved(f"a{number}", "+")]
        found = agreed(few + moved("b", "+" * 6), _LEVEL)[0]
        self.assertEqual({each.outcome for each in found[-6:]}, {Outcome.WORSE})

    def test_a_test_has_one_vote(self) -> None:
        alike = moved("a", "+-+-+-")
        self.assertEqual(set(outcomes(alike + 20 * alike[:1])), {"c"})

    def test_figures_that_came_and_went(self) -> None:
        for gone, expected in ((range(8), "m" * 8), (range(0, 8, 2), "c" * 8)):
            found = [
                Finding(
                    pair,
                    "a",
                    "",
                    "",
                    Outcome.MISSING,
                    1.0 if number in gone else None,
                    None if number in gone else 1.0,
                    name="a",
                )
                for number, pair in enumerate(_TESTS[:8])
            ]
            self.assertEqual(outcomes(found), expected)

    def test_what_has_no_name_is_left_alone(self) -> None:
        verdict = Finding(_TESTS[0], "verdict", "", "", Outcome.WORSE)
        self.assertEqual(outcomes([*moved("a", "+-+-+-"), verdict]), "ccccccw")

    @parameterized.parameters(((6, 0), 2 / 64), ((5, 1), 14 / 64), ((3, 3), 1.0), ((0, 0), 1.0))
    def test_how_likely_a_coin_is(self, counted: tuple[int, int], p: float) -> None:
        self.assertAlmostEqual(Votes(*counted).p, p)
        self.assertAlmostEqual(Votes(*counted[::-1]).p, p)

    def test_thousands_of_tests(self) -> None:
        self.assertAlmostEqual(Votes(2500, 2500).p, 1.0)
        self.assertLess(Votes(2600, 2400).p, 0.006)

    def test_suites_in_which_nothing_changed_are_quiet(self) -> None:
        draws = random.Random(1)
        alarmed = 0
        for _ in range(_SUITES):
            ways = ("".join(draws.choice("+-") for _ in _TESTS) for _ in range(20))
            found = [each for number, way in enumerate(ways) for each in moved(f"a{number}", way)]
            alarmed += "w" in (told := outcomes(found)) or "b" in told
        self.assertLessEqual(alarmed, _MOST_WITH_ALARMS)


class RecordedTest(CompareTest):
    """Real schedules; `base` against the two others."""

    def keep_recorded(
        self, column: str, branch: str, but: Mapping[str, Changed] = MappingProxyType({})
    ) -> None:
        """Keeps the results of a column; `but` says of some figures of which, and how changed."""
        results: dict[str, result_pb2.Result] = collections.defaultdict(result_pb2.Result)
        with _RECORDED.open(newline="") as file:
            for test, rows in itertools.groupby(csv.DictReader(file), lambda row: row["test"]):
                result = made(test, plan=column)
                del result.figures[:]
                for row in filter(lambda row: row[column], rows):
                    source, change = but.get(row["figure"], (column, float))
                    figure = result.figures.add(
                        name=row["figure"],
                        unit=row["unit"],
                        polarity=row["polarity"],
                        value=change(float(row[source])),
                    )
                    if row["cgroup"]:
                        figure.cgroup = row["cgroup"]
                results[test] = result
        self.keep(branch, *results.values())

    def test_the_slowed_callback_is_found_and_nothing_else(self) -> None:
        self.keep_recorded("base", "base")
        self.keep_recorded("slowed", "new")
        found = self.compared(code=1)
        told = [each for each in found["findings"] if each["outcome"] in ("worse", "better")]
        self.assertEqual({each["figure"] for each in told}, {"total.op.enqueue.instructions_p50"})
        self.assertLen(told, 10)
        self.assertEqual(found["counts"]["missing"], 0)
        self.assertGreater(found["counts"]["changed"], 500)
        self.assertIn("worse in 10 tests, better in 0", told[0]["why"])

    def test_one_percent_of_a_callback_is_found_in_one_run_of_a_suite(self) -> None:
        self.keep_recorded("base", "base")
        # the schedule of another build, whose enqueue takes 1 % more than that of the first
        self.keep_recorded("slowed", "new", {_ENQUEUE: ("base", lambda value: round(1.01 * value))})
        found = self.compared(code=1)
        told = [each for each in found["findings"] if each["outcome"] in ("worse", "better")]
        self.assertEqual({each["figure"] for each in told}, {f"total.{_ENQUEUE}"})
        self.assertLen(told, 10)

    def test_another_seed_is_neither_better_nor_worse(self) -> None:
        self.keep_recorded("base", "base")
        self.keep_recorded("other_seed", "new")
        counts = self.compared()["counts"]
        self.assertEqual((counts["worse"], counts["better"], counts["missing"]), (0, 0, 0))
        self.assertGreater(counts["changed"], 500)

    def test_a_gate_has_a_figure_judged_test_by_test(self) -> None:
        self.keep_recorded("base", "base")
        self.keep_recorded("other_seed", "new")
        counts = self.compared("--gate=max_gap_ms=5%", code=1)["counts"]
        self.assertGreater(counts["worse"], 5)


class FewTest(CompareTest):
    @parameterized.parameters((146.0, 147.0), (200.0, 202.0), (1000.0, 1006.0))
    def test_one_instruction_of_a_callback_is_seen_in_one_run_of_one_test(
        self, was: float, now: float
    ) -> None:
        for branch, cost, count in (("base", was, 1000), ("new", now, 1006)):
            result = made("t", plan=branch)
            result.figures.add(name=_ENQUEUE, polarity="lower_better", value=cost)
            result.figures.add(name="op.enqueue.count", value=count)
            self.keep(branch, result)
        found = self.outcomes("--all", code=1)
        self.assertEqual(found[f"t total.{_ENQUEUE}"], "worse")
        self.assertEqual(found["t total.op.enqueue.count"], "same")
        # who says by how much means that
        self.assertNotIn(f"t total.{_ENQUEUE}", self.outcomes("--relative=3"))

    def test_five_tests_are_judged_one_by_one(self) -> None:
        for count, expected in ((FEWEST - 1, ("worse", "better")), (FEWEST, ("changed",))):
            tests = [f"t{number}" for number in range(count)]
            self.keep(f"base{count}", *(made(each, plan=f"a{count}") for each in tests))
            slow = [
                made(each, plan=f"b{count}", figures={"iterations": 900.0 + 200 * (number % 2)})
                for number, each in enumerate(tests)
            ]
            self.keep(f"new{count}", *slow)
            said = self.run_ktstr("compare", f"base{count}", f"new{count}")
            for word in ("worse", "better", "changed"):
                self.assertEqual(f"--- {word}: " in said.out, word in expected, said.out)


if __name__ == "__main__":
    absltest.main()

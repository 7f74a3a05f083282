# SPDX-License-Identifier: Apache-2.0
"""The comparison: medians, ratios, goals, and what is missing."""

import json
from pathlib import Path

from absl.testing import absltest

from tests.benchmarks.compare.figures import FIGURES, compared
from tests.benchmarks.compare.report import Sided, json_of, text_of

_GOLDEN = Path(__file__).with_name("golden.txt")
_BEFORE = Sided(
    "/clones/old",
    "edbac04",
    [
        {"wall_s": 900.0, "failed": 0, "ext_guests": 141, "ext_guest_s": 3.0, "analysis_s": 20.0},
        {"wall_s": 1000.0, "failed": 2, "ext_guests": 141, "ext_guest_s": 3.25, "analysis_s": 22.0},
    ],
    {"ext": {"the test's body": 1.2, "total": 3.0}},
)
_AFTER = Sided(
    "/clones/new",
    "1234567+",
    [
        {"wall_s": 300.0, "failed": 0, "ext_guests": 140, "ext_guest_s": 2.0, "templates": 6},
        {"wall_s": 310.0, "failed": 0, "ext_guests": 140, "ext_guest_s": 1.75, "templates": 6},
    ],
    {"ext": {"the test's body": 0.6, "total": 1.8}, "eevdf": {"the test's body": 0.5}},
)


class ReportTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.figures = compared(_BEFORE.rounds, _AFTER.rounds)
        self.by_name = {each.figure.name: each for each in self.figures}

    def test_names_are_of_one_figure_each(self) -> None:
        self.assertLen({each.name for each in FIGURES}, len(FIGURES))

    def test_a_ratio_is_of_medians(self) -> None:
        wall = self.by_name["wall_s"]
        self.assertEqual((wall.before, wall.after), (950.0, 305.0))
        self.assertAlmostEqual(wall.ratio or 0, 305 / 950)
        self.assertTrue(wall.reached)

    def test_a_goal_that_is_missed(self) -> None:
        self.assertIs(self.by_name["ext_guest_s"].reached, False)

    def test_what_is_missing_has_no_ratio_and_reaches_nothing(self) -> None:
        for name in ("analysis_s", "templates", "programs_s"):
            with self.subTest(name):
                self.assertIsNone(self.by_name[name].ratio)
                self.assertIsNone(self.by_name[name].reached)

    def test_nothing_to_divide_by(self) -> None:
        (failed,) = (
            each
            for each in compared([{"failed": 0}], [{"failed": 1}])
            if each.figure.name == "failed"
        )
        self.assertIsNone(failed.ratio)

    def test_text(self) -> None:
        self.assertEqual(
            text_of(_BEFORE, _AFTER, self.figures) + "\n", _GOLDEN.read_text(encoding="utf-8")
        )

    def test_json(self) -> None:
        found = json.loads(json_of(_BEFORE, _AFTER, self.figures))
        self.assertEqual(found["figures"]["ext_guest_s"]["goal"], 0.5)
        self.assertIsNone(found["figures"]["analysis_s"]["after"])
        self.assertEqual(found["after"]["rounds"], _AFTER.rounds)
        self.assertEqual(found["before"]["commit"], "edbac04")


if __name__ == "__main__":
    absltest.main()

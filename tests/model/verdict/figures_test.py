# SPDX-License-Identifier: Apache-2.0
"""One figure, one name: the table of figures is consistent, and checks are named after it."""

import dataclasses

from absl.testing import absltest, parameterized

from ktstr.model.errors import UsageError
from ktstr.model.payload import Polarity
from ktstr.model.scenario.relative import better_than, not_worse_than
from ktstr.model.verdict.checks import OPTIONS, SWITCHES, Checks
from ktstr.model.verdict.figures import FIGURES, Figure, Whose, figure_of_check, figures_of

_UNITS = {"bytes": "bytes", "us": "us", "ms": "ms", "pct": "%", "s": "1/s", "rate": "1/s"}


class FiguresTest(parameterized.TestCase):
    def test_every_name_is_there_once(self) -> None:
        names = [each.name for each in FIGURES]
        self.assertEqual(len(names), len(set(names)))

    def test_every_check_with_a_limit_bounds_a_figure(self) -> None:
        fields = {field.name for field in dataclasses.fields(Checks)} - {*SWITCHES, *OPTIONS}
        self.assertEqual({each.check for each in FIGURES if each.check}, fields)

    @parameterized.parameters(*(each for each in FIGURES if each.check))
    def test_a_check_is_called_after_its_figure(self, figure: Figure) -> None:
        bound = {Polarity.LOWER_BETTER: "max", Polarity.HIGHER_BETTER: "min"}[figure.polarity]
        said = figure.name.split("_")
        if bound in said:
            said.remove(bound)
        self.assertEqual(figure.check, "_".join([bound, *said]))
        self.assertIs(figure_of_check(figure.check), figure)

    @parameterized.parameters(*FIGURES)
    def test_a_unit_is_that_of_the_name(self, figure: Figure) -> None:
        parts = [part for part in figure.name.split("_") if part not in ("min", "mean", "max")]
        self.assertEqual(figure.unit, _UNITS.get(parts[-1], ""))

    @parameterized.parameters(*figures_of(Whose.LEG).values())
    def test_what_is_compared_is_better_one_way(self, figure: Figure) -> None:
        self.assertIsNot(figure.polarity, Polarity.UNKNOWN)
        self.assertEqual(better_than(figure.name).measure, figure.name)

    def test_a_figure_that_legs_lack_is_refused_with_the_nearest(self) -> None:
        with self.assertRaisesRegex(
            UsageError, r"no measure 'p99_wake_us' \(did you mean 'wake_p99_us'\?\); there are iter"
        ):
            not_worse_than("p99_wake_us")


if __name__ == "__main__":
    absltest.main()

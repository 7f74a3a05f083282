# SPDX-License-Identifier: Apache-2.0
"""Trends as Prometheus reads them."""

from __future__ import annotations

import json
from pathlib import Path

from absl.testing import absltest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.support.commanding import Said, ktstr
from tests.support.saved_results import made, save


class OpenMetricsTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)

    def keep(self, day: int, branch: str, figures: dict[str, float], label: str = "//a:b") -> None:
        """A run of one result."""
        place = self.top / f"{day}{branch}"
        started = f"2026-01-{day:02}T00:00:00+00:00"
        save(made("one", label=label, started=started, figures=figures), place)
        ktstr(
            "import", place, "--history=h", "--commit=c0ffee", f"--branch={branch}", here=self.top
        )

    def trend(self, figure: str, *more: str) -> Said:
        return ktstr("trend", figure, "--history=h", "--format=openmetrics", *more, here=self.top)

    def test_each_branch_is_a_series_in_the_order_of_time(self) -> None:
        self.keep(3, "main", {"wake_p99_us": 50.5})
        self.keep(2, "main", {"wake_p99_us": 40.0})
        self.keep(4, 'm"y\\', {"wake_p99_us": 60.0})
        said = self.trend("*")
        self.assertEqual(said.code, 0, said.err)
        self.assertTrue(said.out.endswith("\n# EOF\n"))
        families = {each.name: each for each in text_string_to_metric_families(said.out)}
        self.assertContainsSubset({"ktstr_iterations", "ktstr_wake_p99_us"}, families)
        found = families["ktstr_wake_p99_us"]
        self.assertEqual(found.type, "gauge")
        points = [
            (each.labels["branch"], each.value, float(each.timestamp)) for each in found.samples
        ]
        self.assertEqual(
            points,
            [
                ("main", 40.0, 1767312000),
                ("main", 50.5, 1767398400),
                ('m"y\\', 60.0, 1767484800),
            ],
        )
        labels = found.samples[0].labels
        self.assertEqual((labels["label"], labels["subject"]), ("//a:b", "cg_0"))

    def test_of_one_second_the_later_counts(self) -> None:
        self.keep(2, "main", {"wake_p99_us": 40.0})
        self.keep(2, "main", {"wake_p99_us": 41.0})
        (found,) = text_string_to_metric_families(self.trend("wake_p99_us").out)
        self.assertEqual([each.value for each in found.samples], [41.0])

    def test_names_that_metrics_may_not_have_stay_apart(self) -> None:
        result = made("one")
        for name, value in (("a-b", 1.0), ("a.b", 2.0)):
            result.figures.add(name=name, value=value)
        save(result, self.top)
        ktstr("import", self.top, "--history=h", "--commit=c0ffee", here=self.top)
        (found,) = text_string_to_metric_families(self.trend("a?b").out)
        self.assertEqual(found.name, "ktstr_a_b")
        told = {each.labels["figure"]: each.value for each in found.samples}
        self.assertEqual(told, {"a-b": 1.0, "a.b": 2.0})

    def test_all_series_are_told_but_where_somebody_says_how_many(self) -> None:
        result = made("one")
        for number in range(30):
            result.figures.add(name=f"f{number}", value=1.0)
        save(result, self.top)
        ktstr("import", self.top, "--history=h", "--commit=c0ffee", here=self.top)
        for more, expected in ((), 30), (("--limit=4",), 4):
            found = list(text_string_to_metric_families(self.trend("f*", *more).out))
            self.assertLen(found, expected)

    def test_json_is_json(self) -> None:
        self.keep(2, "main", {"wake_p99_us": 40.0})
        arguments = ("trend", "wake_p99_us", "--history=h", "--format=openmetrics", "--json")
        (series,) = json.loads(ktstr(*arguments, here=self.top).out)
        self.assertEqual(series["figure"], "cg_0.wake_p99_us")


if __name__ == "__main__":
    absltest.main()

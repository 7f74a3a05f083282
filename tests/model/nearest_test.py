# SPDX-License-Identifier: Apache-2.0
"""A name that there is not is told with the one that was probably meant."""

import dataclasses

from absl.testing import absltest, parameterized

from ktstr.model.nearest import did_you_mean
from ktstr.model.verdict.checks import Checks
from ktstr.model.verdict.figures import Whose, figures_of

_CHECKS = [field.name for field in dataclasses.fields(Checks)]


class NearestTest(parameterized.TestCase):
    @parameterized.parameters(
        ("max_p99_wake_latency_us", "max_wake_p99_us"),
        ("max_wake_latency_cv", "max_wake_cv"),
        ("max_run_delay_us", "max_run_delay_p99_us"),
        ("max_spread_pct", "max_spread_pct"),
        ("min_work_rate", "min_work_per_cpu_s"),
        ("min_iteration_rate", "min_iterations_per_s"),
        ("max_gaps_ms", "max_gap_ms"),
    )
    def test_of_checks(self, name: str, meant: str) -> None:
        self.assertEqual(did_you_mean(name, _CHECKS), f" (did you mean {meant!r}?)")

    @parameterized.parameters(
        ("p50_wake_us", "wake_p50_us"),
        ("spread_pct", "spread_pct"),
        ("run_delay_mean_ms", "run_delay_sum_mean_ms"),
        ("iteration_rate_min", "iterations_per_s_min"),
        ("work_rate_mean", "work_per_cpu_s_mean"),
    )
    def test_of_figures(self, name: str, meant: str) -> None:
        known = figures_of(Whose.CGROUP)
        self.assertEqual(did_you_mean(name, known), f" (did you mean {meant!r}?)")

    def test_what_is_near_nothing_gets_no_advice(self) -> None:
        self.assertEqual(did_you_mean("qqqq", _CHECKS), "")
        self.assertEqual(did_you_mean("max_gap_ms", ()), "")


if __name__ == "__main__":
    absltest.main()

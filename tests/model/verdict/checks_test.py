# SPDX-License-Identifier: Apache-2.0
"""Layers of thresholds merge like dictionaries; nonsense is refused."""

from typing import Any

from absl.testing import absltest, parameterized
from hypothesis import given

from ktstr.model.errors import UsageError
from ktstr.model.verdict.checks import DEFAULT_CHECKS, Checks, ExpectFail, check_checks
from ktstr.model.verdict.kinds import Kind
from tests.model.strategies import checks


class ChecksTest(parameterized.TestCase):
    @given(checks(), checks(), checks())
    def test_merging_is_associative(self, a: Checks, b: Checks, c: Checks) -> None:
        self.assertEqual(a.merge(b).merge(c), a.merge(b.merge(c)))

    @given(checks(), checks())
    def test_the_upper_layer_wins_where_it_says_something(self, a: Checks, b: Checks) -> None:
        merged = a.merge(b)
        for name, value in vars(merged).items():
            over = getattr(b, name)
            self.assertEqual(value, getattr(a, name) if over is None else over)

    @given(checks())
    def test_an_empty_layer_changes_nothing(self, layer: Checks) -> None:
        self.assertEqual(layer.merge(Checks()), layer)
        self.assertEqual(Checks().merge(layer), layer)

    @given(checks())
    def test_sane_layers_are_taken(self, layer: Checks) -> None:
        check_checks(layer)

    def test_a_switch_can_be_turned_off(self) -> None:
        merged = DEFAULT_CHECKS.merge(Checks(not_starved=False))
        self.assertIs(merged.not_starved, False)
        self.assertIs(merged.clean_kernel_log, True)

    @parameterized.parameters(0.0, -1.0, float("nan"), float("inf"))
    def test_a_limit_that_nothing_can_meet_or_miss_is_refused(self, limit: float) -> None:
        with self.assertRaisesRegex(UsageError, f"Checks.max_gap_ms is {limit}; a limit must be"):
            check_checks(Checks(max_gap_ms=limit))

    def test_a_check_that_there_is_not_is_refused_with_the_nearest(self) -> None:
        old: dict[str, Any] = {"max_p99_wake_latency_us": 1}
        told = r"Checks\(max_p99_wake_latency_us=...\): there is no check .*mean 'max_wake_p99_us'"
        with self.assertRaisesRegex(UsageError, told):
            Checks(**old)

    def test_an_expectation_that_is_no_expression_is_refused(self) -> None:
        with self.assertRaisesRegex(UsageError, r"ExpectFail.text 'a\(': "):
            ExpectFail(Kind.STUCK, "a(")

    def test_what_never_is_a_failure_cannot_be_expected(self) -> None:
        with self.assertRaisesRegex(UsageError, "'no_data' is never a failure of the scheduler"):
            ExpectFail(Kind.NO_DATA)


if __name__ == "__main__":
    absltest.main()

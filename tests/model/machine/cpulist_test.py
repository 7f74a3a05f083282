# SPDX-License-Identifier: Apache-2.0
"""The kernel's CPU list format."""

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist, parse_cpulist
from tests.model.strategies import ANY_CPUS


class CpulistTest(parameterized.TestCase):
    @given(ANY_CPUS)
    def test_round_trip(self, cpus: frozenset[int]) -> None:
        self.assertEqual(parse_cpulist(format_cpulist(cpus)), cpus)

    @given(st.frozensets(st.integers(0, 100)))
    def test_no_shorter_list_exists(self, cpus: frozenset[int]) -> None:
        runs = sum(1 for cpu in cpus if cpu - 1 not in cpus)
        self.assertLen([part for part in format_cpulist(cpus).split(",") if part], runs)

    @parameterized.parameters(
        ("", frozenset()),
        (" \n", frozenset()),
        ("0-3,6\n", frozenset({0, 1, 2, 3, 6})),
        ("2, 4-4", frozenset({2, 4})),
        ("3,1-2,2", frozenset({1, 2, 3})),
    )
    def test_what_the_kernel_writes(self, text: str, cpus: frozenset[int]) -> None:
        self.assertEqual(parse_cpulist(text), cpus)

    @parameterized.parameters(
        ("a", "neither N nor N-M"),
        ("1,", "neither N nor N-M"),
        ("1-", "neither N nor N-M"),
        ("-1", "neither N nor N-M"),
        ("1-2-3", "neither N nor N-M"),
        ("3-1", "must rise"),
        ("8192", "at or below 8191"),
        ("0-99999999999", "at or below 8191"),
    )
    def test_malformed_lists_are_refused(self, text: str, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            parse_cpulist(text)

    def test_a_number_beyond_all_machines_is_refused(self) -> None:
        with self.assertRaisesRegex(UsageError, "at or below 8191"):
            parse_cpulist("0-" + "9" * 5000)


if __name__ == "__main__":
    absltest.main()

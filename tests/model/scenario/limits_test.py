# SPDX-License-Identifier: Apache-2.0
"""Limits are refused where a kernel would refuse them, and written as it reads them back."""

from absl.testing import absltest, parameterized
from hypothesis import given

from ktstr.model.errors import UsageError
from ktstr.model.scenario.limits import NO_LIMITS, Limits, check_limits, limit_files, over
from tests.model.strategies import limits


class LimitsTest(parameterized.TestCase):
    @parameterized.parameters(
        (Limits(weight=0), "weight 0 is not within 1 to 10000"),
        (Limits(io_weight=10001), "io_weight 10001 is not within"),
        (Limits(quota=0.0), "quota 0.0 CPUs within 100000 us: the kernel takes 1000 us and more"),
        (Limits(quota=0.5, period_us=1000), "the kernel takes 1000 us"),
        (Limits(quota=float("nan")), "quota nan"),
        (Limits(quota=float("inf")), "quota inf"),
        (Limits(quota=1.0, period_us=999), "period_us 999 is not within 1000 to 1000000"),
        (Limits(period_us=5000), "period_us 5000 has no effect without a quota"),
        (Limits(memory_max_mb=0), "memory_max_mb 0 is not within 1"),
        (Limits(memory_low_mb=-1), "memory_low_mb -1 is not within 0"),
        (Limits(pids_max=0), "pids_max 0"),
        (Limits(mems=()), "mems names no NUMA node"),
    )
    def test_what_no_kernel_takes_is_refused(self, given: Limits, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            check_limits(given)

    def test_files_say_what_was_given(self) -> None:
        whole = Limits(7, 1.5, 20_000, 1, 2, 3, 0, 9, 5, (0, 1, 3))
        check_limits(whole)
        self.assertEqual(
            limit_files(whole),
            {
                "cpuset.mems": "0-1,3",
                "cpu.weight": "7",
                "cpu.max": "30000 20000",
                "memory.low": "1048576",
                "memory.high": "2097152",
                "memory.max": "3145728",
                "memory.swap.max": "0",
                "io.weight": "default 9",
                "pids.max": "5",
            },
        )

    def test_what_others_do_not_name_stays(self) -> None:
        had = Limits(weight=5, quota=0.5, period_us=20_000)
        self.assertEqual(
            over(had, Limits(pids_max=9)), Limits(weight=5, quota=0.5, period_us=20_000, pids_max=9)
        )
        self.assertEqual(over(had, Limits(quota=1.0)), Limits(weight=5, quota=1.0))

    @given(limits())
    def test_only_what_is_given_is_written(self, some: Limits) -> None:
        names = {"weight", "quota", "memory_low_mb", "memory_high_mb", "memory_max_mb"}
        names |= {"swap_max_mb", "io_weight", "pids_max", "mems"}
        self.assertLen(
            limit_files(some), sum(getattr(some, name) is not None for name in sorted(names))
        )

    def test_none_writes_nothing(self) -> None:
        self.assertEmpty(limit_files(NO_LIMITS))


if __name__ == "__main__":
    absltest.main()

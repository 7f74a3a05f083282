# SPDX-License-Identifier: Apache-2.0
"""The table of faults: what it says of the catalogue, and the tests that come of it."""

from typing import Any

from absl.testing import absltest, parameterized

from ktstr.api import declaration_of
from tests.faults.table import DELAY, FAULTS, SCATTER, STALL, STARVE
from tests.faults.under import Fault, catalogue, declare


class TableTest(parameterized.TestCase):
    @parameterized.named_parameters((fault.name, fault) for fault in FAULTS)
    def test_speaks_of_scenarios_that_exist(self, fault: Fault) -> None:
        self.assertLessEqual({*fault.hidden, *fault.others}, set(catalogue()))
        for name, why in fault.hidden.items():
            self.assertNotEmpty(why, name)

    @parameterized.named_parameters((fault.name, fault) for fault in FAULTS)
    def test_every_scenario_is_played_or_the_table_says_why_not(self, fault: Fault) -> None:
        namespace: dict[str, Any] = {"__name__": "page"}
        declare(namespace, fault)
        played = {name for name, value in namespace.items() if declaration_of(value) is not None}
        expected = {
            f"{fault.name}_{name.replace('.', '_')}"
            for name in catalogue()
            if name not in fault.hidden
        }
        self.assertEqual(played, expected)

    def test_latency_and_migrations_are_limited_where_they_are_expected(self) -> None:
        for name, declared in catalogue().items():
            with self.subTest(name):
                if name not in DELAY.hidden:
                    self.assertIsNotNone(declared.checks.max_wake_p99_us)
                if name not in SCATTER.hidden:
                    self.assertIsNotNone(declared.checks.max_migrations_per_s)

    def test_a_declared_test_expects_its_fault(self) -> None:
        namespace: dict[str, Any] = {"__name__": "page"}
        declare(namespace, STALL, ("stall.detect",))
        declare(namespace, STARVE, ("nested.cgroup_steady",))
        stalled = declaration_of(namespace["stall_stall_detect"])
        starved = declaration_of(namespace["starve_nested_cgroup_steady"])
        assert stalled is not None and starved is not None
        self.assertEqual(stalled.expect_fail, STALL.expected)
        self.assertEqual(stalled.function.__module__, "page")
        self.assertEqual(stalled.checks, catalogue()["stall.detect"].checks)
        self.assertIn("starve_comm=w1.0.0", starved.scheduler_args)
        self.assertNotIn("starve_comm=w0.0.0", starved.scheduler_args)


if __name__ == "__main__":
    absltest.main()

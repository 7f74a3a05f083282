# SPDX-License-Identifier: Apache-2.0
"""The page of faults says what its cells say, and a fault that passed is a mistake."""

from __future__ import annotations

from typing import Any

from absl.testing import absltest

from tests.faults import matrix_run
from tests.faults.matrix import FAULTS, LOADS


def _result(verdict: str, kind: str = "") -> dict[str, Any]:
    phases = [{"name": "scenario", "start_ns": "1000000000", "end_ns": "3500000000"}]
    details = [{"kind": kind}] if kind else []
    return {"verdict": verdict, "details": details, "timeline": {"phases": phases}}


def _cells() -> dict[str, matrix_run.Cell]:
    """As they must be."""
    stalled = matrix_run.cell_of(_result("FAIL", "STUCK"))
    passed = matrix_run.cell_of(_result("PASS"))
    return {
        f"{fault}__{load}": passed if fault == matrix_run.NONE else stalled
        for fault in FAULTS
        for load in LOADS
    }


class MatrixTest(absltest.TestCase):
    def test_a_cell_has_the_kind_and_the_time(self) -> None:
        self.assertEqual(matrix_run.cell_of(_result("FAIL", "STUCK")).text, "stuck, 2.5")
        self.assertEqual(matrix_run.cell_of(_result("PASS")).text, "pass")

    def test_inconclusive_is_told_as_that(self) -> None:
        cell = matrix_run.cell_of(_result("INCONCLUSIVE", "NO_DATA"))
        self.assertEqual(cell.text, "inconclusive, 2.5")
        self.assertFalse(cell.wrong("partial"))

    def test_a_run_that_never_began_has_no_time(self) -> None:
        result = {"verdict": "FAIL", "details": [{"kind": "SCHEDULER_NOT_LOADED"}]}
        self.assertEqual(matrix_run.cell_of(result).text, "scheduler_not_loaded")

    def test_all_as_it_should_be_is_no_mistake(self) -> None:
        self.assertEqual(list(matrix_run.mistakes({"1n1l2c1t": _cells()})), [])

    def test_a_fault_that_passes_a_false_alarm_and_a_missing_result_are(self) -> None:
        cells = _cells()
        cells["stall__crowd"] = matrix_run.cell_of(_result("PASS"))
        cells["none__crowd"] = matrix_run.cell_of(_result("FAIL", "STUCK"))
        del cells["error__pairs"]
        self.assertEqual(
            sorted(matrix_run.mistakes({"1n1l2c1t": cells})),
            [
                "1n1l2c1t error__pairs: no result",
                "1n1l2c1t none__crowd: stuck, 2.5",
                "1n1l2c1t stall__crowd: pass",
            ],
        )

    def test_only_what_nobody_could_see_may_be_skipped(self) -> None:
        skipped = matrix_run.cell_of(_result("SKIP"))
        cells = {**_cells(), "unused__halves": skipped}
        self.assertEqual(list(matrix_run.mistakes({"1n1l2c1t": cells})), [])
        (wrong,) = matrix_run.mistakes({"1n2l2c1t": cells})
        self.assertEqual(wrong, "1n2l2c1t unused__halves: -")
        cells["unused__crowd"] = skipped
        self.assertEqual(
            list(matrix_run.mistakes({"1n1l2c1t": cells})), ["1n1l2c1t unused__crowd: -"]
        )

    def test_the_page_has_a_row_for_each_fault(self) -> None:
        page = matrix_run.render({"1n1l2c1t": _cells()})
        self.assertIn("| `none` | pass |", page)
        self.assertIn("| `stall` | stuck, 2.5 |", page)


if __name__ == "__main__":
    absltest.main()

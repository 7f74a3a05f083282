# SPDX-License-Identifier: Apache-2.0
"""What a run says of others than the scheduler under test: no false PASS, and no false FAIL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from absl.testing import absltest

from tests.support.running import Running

_HERE = "_main/tests/blame"


class BlameTest(absltest.TestCase):
    def result_of(self, target: str, test: str) -> dict[str, Any]:
        """The saved result of one function."""
        running = Running(
            f"{_HERE}/{target}", Path(self.create_tempdir().full_path), test_filter=test
        )
        self.addCleanup(running.close)
        ended = running.wait()
        self.text = ended.text
        return ended.result(test)

    def inconclusive(self, target: str, test: str, kind: str, *words: str) -> None:
        found = self.result_of(target, test)
        self.assertEqual(found["verdict"], "INCONCLUSIVE", self.text)
        first = found["details"][0]
        self.assertEqual(first["kind"], kind, self.text)
        for each in words:
            self.assertIn(each, first["message"])

    def test_a_scheduler_that_has_nobody_cannot_pass(self) -> None:
        words = ("no worker ran under faulty", "(fair)", "its ops have SCX_OPS_SWITCH_PARTIAL")
        self.inconclusive("partial", "nobody_asks_for_it", "OTHER_CLASS", *words)

    def test_one_whom_they_ask_for_is_judged(self) -> None:
        found = self.result_of("partial", "they_ask_for_it")
        self.assertEqual(found["verdict"], "PASS", self.text)

    def test_a_comparison_of_eevdf_with_itself(self) -> None:
        found = self.result_of("partial", "compared")
        self.assertEqual(found["verdict"], "INCONCLUSIVE", self.text)
        self.assertIn("so that its leg is EEVDF's", self.text)

    def test_a_worker_whose_cpu_was_held(self) -> None:
        words = ("victim worker 0.0 (CpuSpin)", "CPU 0 was held for", "(realtime), holder worker")
        self.inconclusive("above", "a_worker_has_no_other_cpu", "HELD", *words)

    def test_an_ejection_for_a_cpu_that_was_held(self) -> None:
        words = ("thrown out by the kernel", "CPU 0 was held for", "(realtime), holder worker")
        self.inconclusive("above", "the_watchdog_sees_it", "HELD", *words)

    def test_real_time_workers_show_nothing_of_a_scheduler(self) -> None:
        words = ("no worker ran under fifo", "(realtime)", "stands above every sched_ext scheduler")
        self.inconclusive("above", "nobody_is_left_to_the_scheduler", "OTHER_CLASS", *words)

    def test_a_quota_that_is_not_kept_is_told(self) -> None:
        found = self.result_of("above", "a_quota_is_not_kept")
        self.assertEqual(found["verdict"], "PASS", self.text)
        told = [each for each in found["remarks"] if "cpu.max of cg_0 allowed" in each]
        self.assertRegex(told[0], r"it used [2-4]\.\d\d s: fifo does not keep it")


if __name__ == "__main__":
    absltest.main()

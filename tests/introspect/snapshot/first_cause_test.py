# SPDX-License-Identifier: Apache-2.0
"""A scheduler that is thrown out: its guest's result has the instant of that, always the same."""

from pathlib import Path
from typing import Any

from absl.testing import absltest

from tests.support.running import Running

_TEST = "nothing_is_dispatched"


class FirstCauseTest(absltest.TestCase):
    def snapshots(self) -> list[dict[str, Any]]:
        """Of one run of the test."""
        directory = Path(self.create_tempdir().full_path)
        running = Running("_main/tests/introspect/snapshot/failing", directory)
        self.addCleanup(running.close)
        ended = running.wait()
        self.assertEqual(0, ended.status, ended.text)
        result = ended.result(_TEST)
        self.assertTrue(result["host"]["probes"]["watched"])
        self.assertNotIn("post_mortem", result)
        found: list[dict[str, Any]] = result["snapshots"]
        return found

    def test_tasks_are_where_the_scheduler_left_them(self) -> None:
        first = self.snapshots()
        (snapshot,) = first
        self.assertEqual(snapshot["name"], "the scheduler fails: error_stall")
        self.assertEqual(snapshot["extension"]["state"], "enabled")
        self.assertEqual(snapshot["extension"]["scheduler"], "faulty")
        self.assertNotIn("missing", snapshot)
        waiting = {each["comm"]: each for each in snapshot["tasks"] if each.get("queue")}
        self.assertContainsSubset({"w0.0.0", "w0.0.1"}, waiting)
        for name in ("w0.0.0", "w0.0.1"):
            self.assertEqual(waiting[name]["queue"], "DSQ 0")
            self.assertEqual(waiting[name]["policy_class"], "ext")
            # the watchdog was told a second, and looks twice as often
            self.assertBetween(int(waiting[name]["waiting_ns"]), 10**9, 2 * 10**9)
        queue = next(each for each in snapshot["dsqs"] if each["name"] == "0")
        self.assertEqual(int(queue["depth"]), len(queue["tasks"]))
        # whoever runs is the watchdog's worker
        running = [each for each in snapshot["runqueues"] if each["current_class"] != "idle"]
        self.assertLen(running, 1)
        self.assertStartsWith(running[0]["current_comm"], "kworker/")
        self.assertEqual(self.snapshots(), first)


if __name__ == "__main__":
    absltest.main()

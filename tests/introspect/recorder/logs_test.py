# SPDX-License-Identifier: Apache-2.0
"""When a task waits, and whose log is let go for another's: the recorder's own functions."""

from __future__ import annotations

import os
import subprocess

from absl.testing import absltest


def _said(*lines: str) -> list[str]:
    """What the probe answers, line by line, after all that has happened before."""
    ran = subprocess.run(
        [os.environ["PROBE"]], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    return [line.strip() for line in ran.stdout.splitlines()]


class WaitsTest(absltest.TestCase):
    def since(self, *lines: str) -> int:
        """Since when task 1 waits; 0: it does not."""
        pid, since, _ = _said(*lines)[-1].split()[0].split(":")
        self.assertEqual(pid, "1")
        return int(since)

    def test_a_wait_is_from_where_a_task_is_runnable_to_where_it_runs(self) -> None:
        self.assertEqual(self.since("runnable 1 500 0"), 500)
        # woken once more, it has waited since then all the same
        self.assertEqual(self.since("runnable 1 500 0", "runnable 1 700 0"), 500)
        self.assertEqual(self.since("runnable 1 500 0", "runs 1 900"), 0)

    def test_one_that_is_woken_while_it_has_its_cpu_does_not_wait(self) -> None:
        self.assertEqual(self.since("runs 1 400", "runnable 1 500 1"), 0)

    def test_one_that_loses_its_cpu_waits_if_it_wants_it_still(self) -> None:
        self.assertEqual(self.since("runs 1 400", "stops 1 500 1"), 500)
        self.assertEqual(self.since("runs 1 400", "stops 1 500 0"), 0)

    def test_who_is_overdue_goes_by_time_name_and_kind(self) -> None:
        waits = ("named 1 0 1 kworker/0:1", "runnable 1 500 0")
        asked = {
            "overdue 1 800 300 1 kworker/": "yes",
            "overdue 1 799 300 1 kworker/": "no",
            "overdue 1 800 300 1 ksoftirqd/": "no",
            "overdue 1 800 300 0 kworker/": "no",
        }
        for line, answer in asked.items():
            self.assertEqual(_said(*waits, line)[-1], answer, line)
        self.assertEqual(_said(*waits, "runs 1 600", "overdue 1 900 300 1 kworker/")[-1], "no")


class RoomTest(absltest.TestCase):
    def pids(self, line: str) -> set[int]:
        """Whom the logs are of."""
        return {int(each.partition(":")[0]) for each in line.split()}

    def test_who_waits_keeps_its_log_however_much_happens_to_others(self) -> None:
        others = [f"runs {pid} {pid}" for pid in range(10, 60)]
        said = _said("runnable 1 500 0", *others)
        self.assertIn("1:500:1", said[-1].split())

    def test_who_has_the_number_of_one_that_is_no_more_begins_anew(self) -> None:
        self.assertEqual(_said("runs 1 1", "stops 1 2 0", "new 1 9")[-1].split()[0], "1:0:1")

    def test_one_round_finds_room_unless_all_wait(self) -> None:
        full = [f"runs {pid} 1" for pid in (1, 2, 3, 4)]
        self.assertIn(5, self.pids(_said(*full, "runs 5 2")[-1]))
        waits = ("runnable 1 1 0", "runnable 2 1 0", "runnable 3 1 0", "runs 4 1")
        self.assertEqual(self.pids(_said(*waits, "runs 5 2")[-1]), {1, 2, 3, 5})

    def test_who_has_done_nothing_for_longest_goes(self) -> None:
        full = [f"runs {pid} 1" for pid in (1, 2, 3, 4)]
        said = _said(*full, "runs 5 2", "runs 2 3", "runs 6 4")
        self.assertEqual(self.pids(said[-1]), {2, 4, 5, 6})

    def test_where_all_wait_there_is_no_room(self) -> None:
        waiting = [f"runnable {pid} 1 0" for pid in (1, 2, 3, 4)]
        self.assertEqual(_said(*waiting, "runs 5 2")[-1], "no room")
        self.assertEqual(self.pids(_said(*waiting, "runs 3 2", "runs 5 3")[-1]), {1, 2, 4, 5})


if __name__ == "__main__":
    absltest.main()

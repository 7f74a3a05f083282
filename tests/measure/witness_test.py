# SPDX-License-Identifier: Apache-2.0
"""What the witness says of real guests: classes that tasks ran under, idle CPUs, held ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from absl.testing import absltest

from tests.support.running import Running

_PACKAGE = "_main/tests/measure"


class WitnessTest(absltest.TestCase):
    def result(self, target: str, test: str) -> dict[str, Any]:
        """What came of one test; its witness saw all of it."""
        place = Path(self.create_tempdir().full_path)
        running = Running(f"{_PACKAGE}/{target}", place, test_filter=test)
        self.addCleanup(running.close)
        result = running.wait().result(test)
        witness = result["witness"]
        self.assertNotIn("error", witness, witness)
        self.assertNotIn("dropped", witness, witness)
        length = int(witness["ended_ns"]) - int(witness["started_ns"])
        looks = int(witness["looks"])
        self.assertGreater(looks * int(witness["period_ns"]), length // 2, witness)
        self.assertLess(int(witness.get("late", 0)), looks // 50, witness)
        return result

    def assert_ran_under(self, result: dict[str, Any], sched_class: str) -> None:
        """All workers were in that class in the step, and on a CPU in no other."""
        workers = result["workers"]
        for worker in workers:
            (phase,) = (each for each in worker["phases"] if each.get("step") == 0)
            self.assertEqual((phase["class_started"], phase["class_ended"]), (sched_class,) * 2)
        samples = _samples(result)
        self.assertEqual(set(samples), {worker["pid"] for worker in workers})
        for found in samples.values():
            # on its way into the step it is still in the agent's class
            self.assertGreater(found[sched_class], 20, samples)
            self.assertGreater(found[sched_class] * 20, sum(found.values()) * 19, samples)

    def test_spinners_under_eevdf(self) -> None:
        result = self.result("watched", "crowd")
        self.assert_ran_under(result, "fair")
        for cpu, (idle, wasted) in _idleness(result).items():
            self.assertLess(idle, 0.1, cpu)
            self.assertLess(wasted, 0.02, cpu)

    def test_scenarios_of_a_function_are_watched_as_well(self) -> None:
        result = self.result("watched", "in_a_function")
        self.assert_ran_under(result, "fair")
        steps = [each for each in result["idleness"] if each.get("step") == 0]
        self.assertLen(steps, 2)
        for step, scenario in zip(steps, result["scenarios"], strict=True):
            self.assertBetween(
                int(step["started_ns"]),
                int(scenario["started_ns"]),
                int(scenario["ended_ns"]),
            )

    def test_throttled_tasks_do_not_wait_for_a_cpu(self) -> None:
        found = _idleness(self.result("watched", "throttled"))
        self.assertGreater(max(idle for idle, _ in found.values()), 0.2, found)
        self.assertLess(max(wasted for _, wasted in found.values()), 0.02, found)

    def test_a_cpu_that_a_real_time_task_held(self) -> None:
        result = self.result("watched", "held")
        above = next(each for each in result["workers"] if "policy=fifo" in each["requested"])
        holds = [each for each in result["holds"] if each["pid"] == above["pid"]]
        self.assertNotEmpty(holds, result["holds"])
        for hold in holds:
            self.assertEqual(hold["sched_class"], "realtime")
            self.assertLess(hold.get("cpu", 0), 2)
        # real-time tasks get 0.95 of each second, and it does nothing else
        length = sum(int(each["ended_ns"]) - int(each["started_ns"]) for each in holds)
        self.assertBetween(length, 800_000_000, 1_100_000_000, holds)
        self.assertGreater(_samples(result)[above["pid"]]["realtime"], 100)

    def test_spinners_under_a_sched_ext_scheduler(self) -> None:
        self.assert_ran_under(self.result("watched_fifo", "crowd"), "ext")

    def test_a_scheduler_that_nobody_asked_for(self) -> None:
        self.assert_ran_under(self.result("watched_faulty", "partial"), "fair")

    def test_cpus_that_stand_idle_while_tasks_wait(self) -> None:
        result = self.result("watched_faulty", "unused")
        self.assert_ran_under(result, "ext")
        found = _idleness(result)
        self.assertEqual(set(found), {0, 1, 2, 3})
        for cpu, (idle, wasted) in found.items():
            if cpu < 2:
                self.assertLess(idle, 0.1, found)
            else:
                self.assertGreater(wasted, 0.7, found)
        (step,) = (each for each in result["idleness"] if each.get("step") == 0)
        worst = step["cpus"][2]
        self.assertRegex(worst["waiting"], r"^w0\.0\.\d\[\d+\]$")
        self.assertBetween(
            int(worst["longest_ended_ns"]) - int(worst["longest_ns"]),
            int(step["started_ns"]),
            int(step["ended_ns"]),
        )


def _samples(result: dict[str, Any]) -> dict[int, dict[str, int]]:
    """Of each worker in steps: class -> how often it was seen."""
    found: dict[int, dict[str, int]] = {}
    for each in result["ran_under"]:
        if each.get("step") is not None and each.get("pid") is not None:
            found[each["pid"]] = {
                sample["name"]: int(sample["value"]) for sample in each["samples"]
            }
    return found


def _idleness(result: dict[str, Any]) -> dict[int, tuple[float, float]]:
    """CPU -> the parts of the step in which it stood idle, and idle while somebody waited."""
    (step,) = (each for each in result["idleness"] if each.get("step") == 0)
    length = int(step["ended_ns"]) - int(step["started_ns"])
    return {
        cpu.get("cpu", 0): (
            int(cpu.get("idle_ns", 0)) / length,
            int(cpu.get("wasted_ns", 0)) / length,
        )
        for cpu in step["cpus"]
    }


if __name__ == "__main__":
    absltest.main()

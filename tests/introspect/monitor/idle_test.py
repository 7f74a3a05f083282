# SPDX-License-Identifier: Apache-2.0
"""What waits where a CPU goes idle: in a machine made by hand, in the layout of a real kernel."""

from __future__ import annotations

from random import Random

from absl.testing import absltest, parameterized

from ktstr.introspect.invariants.compiler import compile_predicate
from ktstr.introspect.invariants.program import End, Look, evaluate
from ktstr.introspect.monitor.clock import clock_of
from ktstr.introspect.monitor.idle import LEAST_NS, condition, idle_look, idle_probe, longest
from ktstr.introspect.monitor.reading import whole
from ktstr.introspect.monitor.series import IDLE_WAIT_NS, IdleWait
from tests.introspect.monitor import states

_CPUS = 4
_KERNEL = states.kernel()
_NOW = 9_000_000_000
_MS = 1_000_000


class IdleTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.machine = states.Machine(_KERNEL, _CPUS)
        self.machine.time(_NOW, _NOW, updated_tsc=_NOW)
        for cpu in range(_CPUS):
            self.machine.cpu(cpu, {"clock": _NOW})
        self.look = idle_look(_KERNEL, _CPUS, clock_of(_KERNEL))

    def waiting(self, pid: int, waited_ms: int) -> int:
        task = self.machine.task(pid, f"w{pid}")
        self.machine.put(task, "task_struct", "sched_info.last_queued", _NOW - waited_ms * _MS)
        return task

    def fair(self, cpu: int, *tasks: int) -> None:
        """The last of them runs on a CPU; the list has the longest waiting one last."""
        self.machine.queue(cpu, "cfs_tasks", "se.group_node", *reversed(tasks))
        count = len(tasks)
        self.machine.cpu(cpu, {"nr_running": count, "curr": tasks[-1]})
        self.machine.cpu(cpu, {"cfs.h_nr_queued": count, "cfs.h_nr_runnable": count})

    def waits(self, cpu: int) -> tuple[list[IdleWait], int]:
        data = whole(self.machine.memory, self.look.reads, self.machine.areas, lambda _: b"")
        assert data is not None
        return self.look.waits([cpu], [data])

    def holds(self, cpu: int) -> bool:
        """Whether nobody waits, as the plugin asks before it reads anything."""
        compiled = compile_predicate(condition(_KERNEL), _KERNEL)
        look = Look(self.machine.memory, tuple(self.machine.areas), cpu)
        found = evaluate(compiled.program, look)
        self.assertIn(found.end, (End.HOLDS, End.FAILS))
        return found.end is End.HOLDS

    def test_the_longest_waiting_task_is_told(self) -> None:
        self.fair(1, self.waiting(31, 12), self.waiting(32, 3), self.waiting(33, 0))
        self.assertFalse(self.holds(0))
        self.assertEqual(self.waits(0), ([IdleWait(_NOW, 0, 31, "w31", 1, 12 * _MS)], 0))

    def test_who_runs_does_not_wait(self) -> None:
        self.fair(1, self.waiting(31, 12))
        self.assertTrue(self.holds(0))
        self.assertEqual(self.waits(0)[0], [])

    @parameterized.parameters((0b0010, False), (0b0011, True), (0b1111, True))
    def test_only_tasks_that_may_run_there(self, mask: int, told: bool) -> None:
        task = self.waiting(31, 12)
        self.machine.word(task + _KERNEL.field("task_struct", "cpus_mask").offset, mask)
        self.fair(1, task, self.waiting(32, 0))
        self.assertEqual(bool(self.waits(0)[0]), told)
        self.assertEqual(self.holds(0), not told)

    def test_who_has_waited_for_a_moment_only_is_on_the_way(self) -> None:
        task = self.waiting(31, 0)
        late = _NOW - LEAST_NS + 1
        self.machine.put(task, "task_struct", "sched_info.last_queued", late)
        self.fair(1, task, self.waiting(32, 0))
        self.assertTrue(self.holds(0))
        self.assertEqual(self.waits(0)[0], [])
        self.machine.put(task, "task_struct", "sched_info.last_queued", late - 1)
        self.assertFalse(self.holds(0))
        self.assertLen(self.waits(0)[0], 1)

    def test_who_is_on_the_way_to_sleep_does_not_wait(self) -> None:
        task = self.waiting(31, 12)
        self.machine.put(task, "task_struct", "se.sched_delayed", 1)
        self.fair(1, task, self.waiting(32, 0))
        self.machine.cpu(1, {"cfs.h_nr_runnable": 1})
        self.assertTrue(self.holds(0))
        self.assertEqual(self.waits(0)[0], [])

    def test_who_is_throttled_does_not_wait(self) -> None:
        task = self.waiting(31, 12)
        field = _KERNEL.field("task_struct", "se.cfs_rq")
        queue = int.from_bytes(self.machine.memory.read(task + field.offset, 8), "little")
        self.machine.put(queue, "cfs_rq", "throttle_count", 1)
        self.fair(1, task, self.waiting(32, 0))
        self.assertTrue(self.holds(0))
        self.assertEqual(self.waits(0)[0], [])

    def test_tasks_of_sched_ext_wait_wherever_their_queue_is(self) -> None:
        task = self.waiting(31, 40)
        self.machine.queue(2, "scx.runnable_list", "scx.runnable_node", task)
        self.machine.cpu(2, {"nr_running": 1})
        self.assertFalse(self.holds(0))
        self.assertEqual(self.waits(0)[0][0].on_cpu, 2)

    def test_the_task_before_may_be_left_behind(self) -> None:
        task = self.waiting(31, 1)
        self.machine.queue(0, "scx.runnable_list", "scx.runnable_node", task)
        self.machine.cpu(0, {"nr_running": 1, "curr": task})
        self.assertFalse(self.holds(0))
        self.assertEqual(self.waits(0)[0], [IdleWait(_NOW, 0, 31, "w31", 0, _MS)])

    def test_a_list_of_more_than_are_looked_at(self) -> None:
        tasks = [self.waiting(pid, 50 - pid) for pid in range(31, 40)]
        self.fair(3, *tasks)
        (wait,), unseen = self.waits(0)
        self.assertEqual((wait.pid, unseen), (31, 0))

    def test_who_waits_behind_those_that_are_looked_at(self) -> None:
        pinned = [self.waiting(pid, 340) for pid in (31, 32, 33)]
        for task in pinned:
            self.machine.word(task + _KERNEL.field("task_struct", "cpus_mask").offset, 0b0010)
        self.fair(1, *pinned, self.waiting(34, 300), self.waiting(35, 0))
        self.assertFalse(self.holds(0))
        self.assertEqual(self.waits(0), ([], 1))

    @parameterized.parameters(*range(20))
    def test_whatever_a_guest_has_in_its_memory_ends(self, seed: int) -> None:
        draw = Random(seed)
        rows = [draw.randbytes(self.look.row.size) for _ in range(20)]
        found, unseen = self.look.waits([draw.randrange(_CPUS) for _ in rows], rows)
        self.assertLessEqual(len(found) + unseen, len(rows))
        for each in longest(found):
            self.assertBetween(each.at_ns, 0, (1 << 63) - 1)
            self.assertBetween(each.waited_ns, LEAST_NS, (1 << 64) - 1)

    def test_nothing_is_read_where_nothing_runs(self) -> None:
        self.assertTrue(self.holds(0))
        self.assertEqual(self.waits(0)[0], [])

    def test_the_probe_is_where_a_cpu_goes_idle(self) -> None:
        probe = idle_probe(_KERNEL, self.look, 3)
        self.assertEqual(_KERNEL.where(probe.address), "set_next_task_idle+0x0")
        self.assertEqual((probe.predicates, probe.every), ((3,), True))


class LongestTest(absltest.TestCase):
    def test_the_longest_of_each_stretch_with_their_number(self) -> None:
        def wait(at_ns: int, cpu: int, waited_ns: int) -> IdleWait:
            return IdleWait(at_ns, cpu, 1, "a", 0, waited_ns)

        found = longest([wait(5, 1, 10), wait(6, 1, 30), wait(7, 2, 5), wait(IDLE_WAIT_NS, 1, 1)])
        self.assertEqual(
            [(each.at_ns, each.cpu, each.waited_ns, each.among) for each in found],
            [(6, 1, 30, 2), (7, 2, 5, 1), (IDLE_WAIT_NS, 1, 1, 1)],
        )


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""What QEMU's plugin sees in real guests of virtual time is what happens there."""

from __future__ import annotations

from dataclasses import replace

from absl.testing import absltest

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.watch import NOW, Period, Probe, Read, When
from tests.introspect.plugin.guests import Guests
from tests.introspect.plugin.looker import HELD, probe


class GuestTest(Guests):
    def test_entries_and_returns_are_those_of_the_same_calls(self) -> None:
        names = ("enqueue_task_fair", "try_to_wake_up", "pick_task_fair")
        looked = self.looked(
            lambda kernel: [
                replace(probe(kernel, name, when=when, registers=True), name=f"{name} {when.value}")
                for name in names
                for when in When
            ]
        )
        self.assertEqual(looked.problem, "")
        for name in names:
            entries, returns = looked.probes[f"{name} entry"], looked.probes[f"{name} return"]
            self.assertGreater(entries.hits, 100)
            # a call may be under way where the guest was saved, and where it ended
            self.assertLessEqual(abs(entries.hits - returns.hits), 2, name)

    def test_arguments_at_a_return_are_those_of_the_call(self) -> None:
        def probes(kernel: Kernel) -> list[Probe]:
            # enqueue_task_fair(struct rq *, struct task_struct *, int)
            pid = Read("rsi", (kernel.field("task_struct", "pid").offset,), 4)
            running = Read("rdi", (kernel.field("rq", "nr_running").offset,), 4)
            reads = (pid, running)
            return [
                replace(probe(kernel, "enqueue_task_fair", when=when, reads=reads), name=when.value)
                for when in When
            ]

        records = self.looked(probes).records
        # calls on two CPUs may be under way at once, on one they are not
        by_cpu = sorted(records, key=lambda each: each.cpu)
        entries = [each for each in by_cpu if each.probe == "entry"]
        returns = [each for each in by_cpu if each.probe == "return"]
        self.assertGreater(len(returns), 100)
        self.assertEqual([each.runs[0] for each in entries], [each.runs[0] for each in returns])
        grown = {
            _u32(end.runs[1]) - _u32(begin.runs[1])
            for begin, end in zip(entries, returns, strict=True)
        }
        # 0: of a task whose dequeue was delayed, and that counted meanwhile
        self.assertContainsSubset({1}, grown)
        self.assertContainsSubset(grown, {0, 1})

    def test_a_probe_with_a_beginning_sees_all_that_comes_after_it_and_nothing_before(self) -> None:
        clock = Read(NOW, (), 8)
        begins: list[Period] = []

        def probes(kernel: Kernel) -> list[Probe]:
            whole = probe(kernel, "enqueue_task_fair", reads=(clock,))
            late = [replace(whole, name="late", begins=True, period=each) for each in begins]
            return [whole, *late]

        times = [_u32(each.runs[0]) for each in self.looked(probes).records]
        middle = times[len(times) // 2]
        begins.append(Period(clock, middle))
        looked = self.looked(probes)
        late = [_u32(each.runs[0]) for each in looked.records if each.probe == "late"]
        self.assertGreater(len(late), 50)
        self.assertEqual(late, [each for each in times if each >= middle])
        self.assertEqual(looked.probes["late"].hits, len(late))

    def test_chains_of_pointers_end_where_nothing_is(self) -> None:
        def probes(kernel: Kernel) -> list[Probe]:
            comm = kernel.field("task_struct", "comm").offset
            current = kernel.symbol("runqueues") + kernel.field("rq", "curr").offset
            reads = (
                Read("cpu", (current, comm), 16),
                Read("", (kernel.symbol("jiffies_64"),), 8),
                Read("", (8, 0), 8),
                Read("rdi", (1 << 46,), 8),
            )
            return [probe(kernel, HELD, reads=reads, limit=50)]

        looked = self.looked(probes)
        self.assertLen(looked.records, 50)
        self.assertGreater(looked.probes[HELD].hits, 50)
        for each in looked.records:
            self.assertEqual(each.missing, {2, 3})
            self.assertNotEmpty(each.runs[each.cpu].rstrip(b"\0"))
            self.assertEqual(each.runs[-2:], (bytes(8), bytes(8)))
        jiffies = [int.from_bytes(each.runs[2], "little") for each in looked.records]
        self.assertEqual(jiffies, sorted(jiffies))
        self.assertGreater(jiffies[-1], jiffies[0])


def _u32(run: bytes) -> int:
    return int.from_bytes(run, "little")


if __name__ == "__main__":
    absltest.main()

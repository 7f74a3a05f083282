# SPDX-License-Identifier: Apache-2.0
"""Which two failures in real time are one, and by what that is known."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest

from ktstr.console.findings import ConsoleFinding, ConsoleKind
from ktstr.execute.alike import alike
from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.introspect.postmortem.state import PostMortem, TaskStack
from ktstr.introspect.snapshot.state import Snapshot, Task
from ktstr.model.verdict.checks import Detail
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from tests.support.plans import plan

_STALL = Detail(Kind.SCHEDULER_EJECTED, "hog0[57]", subject="SCX_EXIT_ERROR_STALL")
_STARVED = Detail(Kind.STARVED, "w0.0.1 did nothing", subject="cg_0 worker 0.1")
_HANG = Detail(Kind.HANG, "the guest hangs: the body was not over within 8.0 s; last: test_start")
_RUN = RunRecord(plan(), Accel.TCG, Ending(EndingKind.EXITED))
_SECOND_NS = 10**9


def _spins(*functions: str, pid: int = 57) -> TaskStack:
    frames = tuple(f"{name}+0x1" for name in functions)
    return TaskStack(pid, "hog0", 0, frames, interrupts_off=True)


def _waits(comm: str, queue: str, waiting_ns: int = _SECOND_NS) -> Task:
    return Task(57, 57, comm, "runnable", "rt", 0, queue=queue, waiting_ns=waiting_ns)


def _crashed(kind: ConsoleKind, function: str) -> RunRecord:
    """A guest whose console has a crash there, behind a crash of another kind."""
    report = (
        "BUG: kernel NULL pointer dereference, address: 0000000000000000",
        "CPU: 0 UID: 0 PID: 57 Comm: w0.0.0 Not tainted 6.12.0 #1",
        f"RIP: 0010:{function}+0x1c/0x40",
        "RIP: 0033:0x7f00dead",
    )
    other = ConsoleFinding(ConsoleKind.WARNING, 2, "WARNING: x", "RIP: 0010:x+0x1/0x2")
    told = ConsoleFinding(kind, 8, report[0], "\n".join(report))
    return dataclasses.replace(_RUN, console=(other, told))


def _hung(*stacks: TaskStack, tasks: tuple[Task, ...] = ()) -> RunRecord:
    looked = PostMortem("", Snapshot("", 9, "", tasks), stacks=stacks)
    return dataclasses.replace(_RUN, post_mortem=looked)


class AlikeTest(absltest.TestCase):
    def alike(self, first: Detail, second: Detail) -> tuple[bool, str]:
        found = alike((_RUN, first), (_RUN, second))
        return found.so, found.by

    def hangs(self, first: RunRecord, second: RunRecord, **changes: Any) -> tuple[bool, str]:
        found = alike((first, _HANG), (second, dataclasses.replace(_HANG, **changes)))
        return found.so, found.by

    def test_by_kind_and_ejections_by_the_kernels_own(self) -> None:
        other = dataclasses.replace(_STARVED, message="w0.0.2 did nothing", subject="other")
        self.assertEqual(self.alike(_STARVED, other), (True, "their kind alone"))
        by = "the kernel's own kind, SCX_EXIT_ERROR_STALL"
        self.assertEqual(
            self.alike(_STALL, dataclasses.replace(_STALL, message="hog1[58]")), (True, by)
        )
        other = dataclasses.replace(_STALL, subject="SCX_EXIT_ERROR_BPF")
        self.assertEqual(self.alike(_STALL, other), (False, by))
        self.assertEqual(self.alike(_STALL, _STARVED), (False, "their kinds"))

    def test_what_the_kernel_says_by_its_line_without_numbers(self) -> None:
        by = "what the kernel says, without its numbers"

        def panics(why: str) -> Detail:
            return Detail(Kind.PANIC, f"the kernel panicked: {why}")

        oops = panics("BUG: page fault for address: ffff88800abc (console line 8)")
        again = panics("BUG: page fault for address: ffff8dead0 (console line 11)")
        self.assertEqual(self.alike(oops, again), (True, by))
        other = panics("Kernel panic - not syncing: sysrq triggered crash (console line 8)")
        self.assertEqual(self.alike(oops, other), (False, by))

        def warns(where: str, subject: str = "warning") -> Detail:
            return Detail(Kind.KERNEL_LOG, f"warning: WARNING: CPU: {where}", subject=subject)

        first = warns("0 PID: 57 at kernel/sched/ext.c:3471 put_prev_task_scx+0x1a")
        again = warns("1 PID: 9 at kernel/sched/ext.c:3471 put_prev_task_scx+0x1a (and 2 more)")
        self.assertEqual(self.alike(first, again), (True, by))
        other = warns("1 PID: 9 at kernel/sched/ext.c:99 set_next_task_scx+0x1a")
        self.assertEqual(self.alike(first, other), (False, by))
        # one function may warn of many things
        other = warns("1 PID: 9 at kernel/sched/ext.c:3480 put_prev_task_scx+0x1a")
        self.assertEqual(self.alike(first, other), (False, by))
        other = warns("1", "oops")
        self.assertEqual(self.alike(first, other), (False, "the kernel's own kind, warning"))

    def test_crashes_by_the_function_too(self) -> None:
        line = "BUG: kernel NULL pointer dereference, address: 0000000000000000 (console line 8)"
        by = "what the kernel says, without its numbers, and where it crashed: "
        for detail in (
            Detail(Kind.PANIC, f"the kernel panicked: {line}", subject="panic"),
            Detail(Kind.KERNEL_LOG, f"oops: {line}", subject="oops"),
        ):
            first, again, other = (
                (_crashed(ConsoleKind.OOPS, name), detail) for name in ("dispatch", "dispatch", "x")
            )
            found = alike(first, again)
            self.assertEqual((found.so, found.by), (True, f"{by}dispatch"))
            found = alike(first, other)
            self.assertEqual((found.so, found.by), (False, f"{by}at first in dispatch, now in x"))
            # a console that was cut short says no function, nor is that of a call of nothing one
            self.assertTrue(alike(first, (_RUN, detail)).so)
            nothing = dataclasses.replace(
                again[0], console=(ConsoleFinding(ConsoleKind.OOPS, 8, line, "RIP: 0010:0x0"),)
            )
            self.assertTrue(alike(first, (nothing, detail)).so)

    def test_what_an_interrupt_came_into_is_of_one_run(self) -> None:
        line = "BUG: sleeping function called from invalid context at kernel/sched/core.c:8"
        detail = Detail(Kind.KERNEL_LOG, f"bug: {line}", subject="bug")

        def said(function: str) -> tuple[RunRecord, Detail]:
            report = (line, "Call Trace:", " <IRQ>", " </IRQ>", f"RIP: 0010:{function}+0xf/0x20")
            told = ConsoleFinding(ConsoleKind.BUG, 8, line, "\n".join(report))
            return dataclasses.replace(_RUN, console=(told,)), detail

        found = alike(said("default_idle"), said("do_work"))
        self.assertEqual((found.so, found.by), (True, "what the kernel says, without its numbers"))

    def test_where_a_stall_was_seen_is_of_one_run(self) -> None:
        detail = Detail(Kind.KERNEL_LOG, "soft_lockup: BUG: soft lockup", subject="soft_lockup")
        first, again = (_crashed(ConsoleKind.SOFT_LOCKUP, name) for name in ("here", "there"))
        self.assertTrue(alike((first, detail), (again, detail)).so)

    def test_any_of_the_cpus_that_take_no_interrupts_may_be_the_same(self) -> None:
        lock, loop = _spins("queued_spin_lock_slowpath"), _spins("bpf:mine_dispatch")
        so, by = self.hangs(_hung(lock, loop), _hung(loop))
        self.assertTrue(so)
        self.assertEndsWith(by, "a CPU takes no interrupts in bpf:mine_dispatch")

    def test_cpus_that_wait_for_a_lock_are_no_evidence_beside_who_may_have_it(self) -> None:
        lock = _spins("native_queued_spin_lock_slowpath", "_raw_spin_lock", "try_to_wake_up")
        first, other = _spins("bpf:mine_dispatch"), _spins("bpf:mine_enqueue")
        so, by = self.hangs(_hung(lock, first), _hung(lock, other))
        self.assertFalse(so)
        self.assertIn("at first a CPU takes no interrupts in bpf:mine_dispatch, now", by)
        self.assertTrue(self.hangs(_hung(first, lock), _hung(lock, first))[0])
        # where one of them shows nobody else it is all that there is
        self.assertTrue(self.hangs(_hung(first, lock), _hung(lock))[0])

    def test_who_waits_for_a_lock_is_known_by_who_wants_it(self) -> None:
        way = ("native_queued_spin_lock_slowpath", "_raw_spin_lock", "raw_spin_rq_lock_nested")
        first, other = _hung(_spins(*way, "__schedule")), _hung(_spins(*way, "try_to_wake_up"))
        self.assertTrue(self.hangs(first, first)[0])
        self.assertFalse(self.hangs(first, other)[0])
        # a stack that was cut short
        self.assertTrue(self.hangs(_hung(_spins(*way)), _hung(_spins(*way)))[0])

    def test_what_one_run_alone_shows_beside_what_both_do_is_of_a_moment(self) -> None:
        late = _waits("ktstr-agent", "the rt queue of CPU 0")
        first = _hung(_spins("do_exit"), tasks=(late,))
        by = "who does not go on: ktstr-agent waits in the rt queue of CPU #"
        self.assertEqual(self.hangs(first, _hung(tasks=(late,))), (True, by))
        self.assertEqual(self.hangs(_hung(tasks=(late,)), first), (True, by))

    def test_who_waits_for_longest_may_change_among_those_who_wait_in_both(self) -> None:
        hog, thread = _waits("hog", "DSQ 2"), _waits("kworker/0:1", "DSQ 0")
        longer = dataclasses.replace(thread, waiting_ns=2 * _SECOND_NS)
        first, again = _hung(tasks=(hog, thread)), _hung(tasks=(hog, longer))
        self.assertTrue(self.hangs(first, again)[0])
        self.assertFalse(self.hangs(_hung(tasks=(hog,)), again)[0])
        self.assertFalse(self.hangs(again, _hung(tasks=(hog,)))[0])

    def test_cpus_that_take_no_interrupts_share_one_of_their_innermost_functions(self) -> None:
        first = _hung(_spins("cpu_relax", "bpf:mine_dispatch", "balance_one", "pick_task"))
        again = _hung(_spins("asm_exc_nmi", "bpf:mine_dispatch", "balance_one", "__schedule"))
        by = "who does not go on: a CPU takes no interrupts in bpf:mine_dispatch < balance_one"
        self.assertEqual(self.hangs(first, again), (True, f"{by} < __schedule"))
        other = _hung(_spins("queued_spin_lock_slowpath", "do_exit", "do_group_exit"))
        so, by = self.hangs(first, other)
        self.assertFalse(so)
        self.assertStartsWith(by, "who does not go on: at first a CPU takes no interrupts in cpu_")
        self.assertIn(", now a CPU takes no interrupts in queued_spin_lock_slowpath < do_exit", by)

    def test_who_ran_where_the_kernel_said_it_is_of_one_run(self) -> None:
        by = "what the kernel says, without its numbers"

        def said(text: str, subject: str) -> Detail:
            return Detail(Kind.KERNEL_LOG, f"{subject}: {text} (console line 9)", subject=subject)

        for subject, before, others in (
            (
                "warning",
                "WARNING: kernel/sched/ext.c:22 at set_next_task_scx+0x5a/0xd0, CPU#",
                "1: ",
            ),
            ("bug", "BUG: spinlock bad magic on CPU#", "1, "),
            ("bug", "BUG: scheduling while atomic: ", ""),
            ("bug", "BUG: using smp_processor_id() in preemptible [00000000] code: ", ""),
        ):
            end = "/0x00010000" if "atomic" in before else ""
            first = said(f"{before}{others}w0.0.0/77{end}", subject)
            again = said(f"{before}{others}media serv/9{end}", subject)
            self.assertEqual(self.alike(first, again), (True, by))
        for subject, before, behind in (
            ("bug", "BUG: Bad page state in process ", "  pfn:12345"),
            ("bug", "BUG: scheduling in a non-blocking section: ", "/77/1"),
            ("bug", "BUG: workqueue leaked atomic, lock or RCU: ", "[61]"),
            ("oops", "", ": Corrupted page table at address 7f3a10c00000"),
        ):
            first, again = (
                said(f"{before}{comm}{behind}", subject) for comm in ("w0.0.0", "kworker/0:1")
            )
            self.assertEqual(self.alike(first, again), (True, by))
        first = said("BUG: scheduling while atomic: w0.0.0/77/0x00010000", "bug")
        other = said("BUG: spinlock bad magic on CPU#1, w0.0.0/77", "bug")
        self.assertEqual(self.alike(first, other), (False, by))

    def test_who_waits_for_a_cpu_is_known_by_name_and_queue_without_numbers(self) -> None:
        first = _hung(tasks=(_waits("ktstr-agent", "the rt queue of CPU 0"),))
        again = _hung(tasks=(_waits("ktstr-agent", "the rt queue of CPU 1"),))
        by = "who does not go on: ktstr-agent waits in the rt queue of CPU #"
        self.assertEqual(self.hangs(first, again), (True, by))
        so, by = self.hangs(first, _hung(tasks=(_waits("kworker/0:1", "DSQ 0"),)))
        self.assertFalse(so)
        self.assertEndsWith(by, ", now kworker/#:# waits in DSQ #")
        self.assertFalse(self.hangs(first, _hung(_spins("do_exit")))[0])

    def test_an_idle_cpu_and_a_short_wait_are_no_evidence(self) -> None:
        short = _hung(_spins("default_idle", pid=0), tasks=(_waits("sh", "DSQ 0", 5000),))
        by = "their first lines alone, since nobody saw who did not go on"
        self.assertEqual(self.hangs(short, short), (True, by))

    def test_an_agent_that_waits_for_a_moment_hides_nobody(self) -> None:
        starved = _waits("hog0", "DSQ 2")
        first = _hung(tasks=(starved,))
        again = _hung(tasks=(_waits("ktstr-agent", "the rt queue of CPU 0", 5000), starved))
        by = "who does not go on: hog# waits in DSQ #"
        self.assertEqual(self.hangs(first, again), (True, by))
        # one that does not go on itself is what the hang is about, however long others wait
        late = _waits("ktstr-agent", "the rt queue of CPU 0")
        so, by = self.hangs(first, _hung(tasks=(late, _waits("hog0", "DSQ 2", 2 * _SECOND_NS))))
        self.assertFalse(so)
        self.assertEndsWith(by, ", now ktstr-agent waits in the rt queue of CPU #")

    def test_a_cpu_whose_stack_nobody_could_read_is_no_evidence(self) -> None:
        by = "their first lines alone, since nobody saw who did not go on"
        self.assertEqual(self.hangs(_hung(_spins()), _hung(_spins("do_exit"))), (True, by))
        so, _ = self.hangs(_hung(_spins("do_exit")), _hung(_spins()), message="it hangs elsewhere")
        self.assertFalse(so)

    def test_an_agent_that_sleeps_is_known_by_where(self) -> None:
        def sleeps(function: str) -> RunRecord:
            return _hung(TaskStack(1, "ktstr-agent", None, ("schedule+0x5", f"{function}+0x3")))

        by = "who does not go on: ktstr-agent sleeps in pipe_read"
        self.assertEqual(self.hangs(sleeps("pipe_read"), sleeps("pipe_read")), (True, by))
        self.assertFalse(self.hangs(sleeps("pipe_read"), sleeps("fuse_get_req"))[0])

    def test_without_evidence_their_lines_are_compared_without_numbers(self) -> None:
        message = _HANG.message.replace("8.0", "8.4")
        self.assertTrue(self.hangs(_RUN, _hung(), message=message)[0])
        so, by = self.hangs(_RUN, _hung(_spins("do_exit")), message="it did not detach")
        self.assertEqual(
            (so, by), (False, "their first lines alone, since nobody saw who did not go on")
        )


if __name__ == "__main__":
    absltest.main()

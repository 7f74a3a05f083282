# SPDX-License-Identifier: Apache-2.0
"""The page that is made of what was seen: whom it is about, and whether the failure came again."""

from __future__ import annotations

import dataclasses
import struct
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

from absl.testing import absltest

from ktstr.introspect.debugger.stacks import Frame, Stack
from ktstr.introspect.invariants.findings import Broken
from ktstr.introspect.plugin.part import Looked
from ktstr.introspect.plugin.records import Record
from ktstr.introspect.plugin.watch import Read
from ktstr.introspect.replay.cause import Cause, What
from ktstr.introspect.replay.functions import Argument, Shown, Slot, Watched
from ktstr.introspect.replay.made import MOST_CALLS, first_cause, page
from ktstr.introspect.replay.page import Replay
from ktstr.introspect.replay.part import Seen, Stood
from ktstr.introspect.snapshot.state import Dsq, Runqueue, Snapshot, Task
from ktstr.introspect.trace.clock import Keeper
from ktstr.introspect.trace.events import Decisions, Event
from ktstr.introspect.trace.programs import Programs

_READ = Read("rdi", (), 8)
_TASK = Argument("p", (Slot("p", _READ, Shown.TEXT), Slot("p", _READ, Shown.PID)), True)
_WATCHED = {"put": Watched("put", range(1), (_TASK,), None, ())}
# CLOCK_MONOTONIC is a second ahead of virtual time
_SAID = struct.pack("<6Q", 1, 0, 1, 0, 0, 1_000_000_000)
_KEEPER = cast(
    "Keeper", SimpleNamespace(clock=SimpleNamespace(parts=[SimpleNamespace(layout="6Q")], tsc=1))
)
_CAUSE = Cause(What.EJECTED, "scheduler_ejected", "it failed", 5000, True, 1000, "scx_vexit")


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "little")


def _stop(at: int = 5000, cpu: int = 1) -> Record:
    return Record("stop", cpu, 1, (_u64(at), _SAID))


def _entry(at: int, pid: int, cpu: int = 1) -> Record:
    return Record("put:entry", cpu, 1, (_u64(at), b"w\0", _u64(pid)))


def _return(at: int, began: int, cpu: int = 1) -> Record:
    return Record("put:return", cpu, 1, (_u64(at), _u64(began)))


def _snapshot(depth: int = 1, clock_ns: int = 4900) -> Snapshot:
    tasks = (Task(61, 61, "w", "runnable", "ext", 0), Task(70, 70, "hog", "running", "ext", 1))
    queue = Runqueue(1, True, 70, "hog", "ext", 2, clock_ns=clock_ns)
    return Snapshot("", 4900, "6.12", tasks, (queue,), (Dsq(0, "0", depth),))


def _seen(*records: Record, **changes: Any) -> Seen:
    stack = Stack((Frame(1, "scx_vexit+0x0"), Frame(2, "put+0x5")), "cut there")
    stood = Stood(1, _snapshot(), {0: stack})
    seen = Seen(_WATCHED, mock.create_autospec(Programs, instance=True), _KEEPER, None, stood)
    seen.looked = Looked(records=records)
    return dataclasses.replace(seen, **changes)


class MadeTest(absltest.TestCase):
    def page(self, *records: Record, cause: Cause = _CAUSE, **changes: Any) -> Replay:
        return page(_seen(*records, **changes), cause, None)

    def stands_with(self, task: Task, cause: Cause) -> str:
        """Why it has not come again in a guest with such a task; empty where it has."""
        snapshot = dataclasses.replace(_snapshot(), tasks=(task,))
        made = self.page(_stop(), cause=cause, stood=Stood(1, snapshot))
        self.assertEqual(made.again, not made.problem)
        return made.problem

    def test_the_failure_came_again_at_its_instant(self) -> None:
        made = self.page(_stop())
        self.assertEqual((made.again, made.problem), (True, ""))
        self.assertEqual((made.at_ns, made.cpu, made.function), (1_000_005_000, 1, "scx_vexit"))
        self.assertEqual((made.stack, made.stack_of), (("scx_vexit+0x0", "put+0x5"), "hog[70]"))
        self.assertEqual(made.missing, ("cut there",))

    def test_another_instant_is_not_the_same_failure(self) -> None:
        made = self.page(_stop(5040))
        self.assertFalse(made.again)
        self.assertEqual(
            made.problem,
            "it came at 5040 ns of virtual time, and first at 5000: that is another instant",
        )
        broken = Broken("rq", "", "", True, "entry of put", 1, 4900, "hog", 70)
        cause = dataclasses.replace(_CAUSE, what=What.BROKE, exact=False, broken=broken)
        self.assertTrue(self.page(_stop(5040), cause=cause).again)
        stood = Stood(1, _snapshot(clock_ns=4901))
        self.assertFalse(self.page(_stop(5040), cause=cause, stood=stood).again)

    def test_who_waited_waits_when_it_comes_again(self) -> None:
        cause = dataclasses.replace(_CAUSE, what=What.HUNG, exact=False, pid=61, waits=True)
        waiting = Task(61, 61, "w", "runnable", "ext", 0, queue="DSQ 0")
        self.assertEqual(self.stands_with(waiting, cause), "")
        late = dataclasses.replace(waiting, state="running", queue="", running_ns=11_000_000)
        self.assertEqual(self.stands_with(late, cause), "")
        has = dataclasses.replace(late, running_ns=40_000_000)
        self.assertEndsWith(self.stands_with(has, cause), "at 5000: w[61] has CPU 0 there")
        sleeps = dataclasses.replace(waiting, state="sleeping", queue="", last_ran_ns=40_000_000)
        self.assertIn("w[61] waits for no CPU: it is sleeping", self.stands_with(sleeps, cause))
        unasked = dataclasses.replace(cause, waits=False)
        self.assertEqual(self.stands_with(sleeps, unasked), "")
        gone = dataclasses.replace(sleeps, pid=62)
        self.assertIn("there is no such task", self.stands_with(gone, cause))

    def test_a_guest_that_never_stood_there_has_no_page(self) -> None:
        for made in (self.page(_stop(), stood=None), self.page()):
            self.assertFalse(made.again)
            self.assertStartsWith(made.problem, "it did not come again: the guest never stood")
            self.assertEqual(made.function, "")

    def test_where_it_came_again_the_guest_is_a_snapshot(self) -> None:
        seen = _seen(_stop())
        kept = first_cause(seen, page(seen, _CAUSE, None))
        expected = dataclasses.replace(
            _snapshot(),
            name="first-cause",
            cause="the run was played again up to its ejection",
            monotonic_ns=1_000_005_000,
        )
        self.assertEqual(kept, expected)
        for other in (_seen(_stop(5040)), _seen(_stop(), stood=None), _seen()):
            self.assertIsNone(first_cause(other, page(other, _CAUSE, None)))

    def test_whom_it_is_about(self) -> None:
        named = dataclasses.replace(_CAUSE, pid=61)
        made = self.page(_entry(4000, 70), _stop(), cause=named)
        self.assertEqual((made.task, made.pid, made.why), ("w", 61, "the first run says so"))
        made = self.page(_entry(3000, 9), _return(3500, 3000), _entry(4000, 61), _stop())
        self.assertEqual((made.task, made.pid), ("w", 61))
        self.assertEqual(made.why, "put was called for it, and had not returned")
        made = self.page(_entry(4000, 61, cpu=0), _stop())
        self.assertEqual((made.task, made.pid, made.why), ("hog", 70, "it had CPU 1"))

    def test_of_cpus_it_is_about_who_has_waited_longest_there(self) -> None:
        cause = dataclasses.replace(_CAUSE, what=What.PASSED, exact=False, cpus=frozenset({0, 2}))
        tasks = tuple(
            Task(pid, pid, f"w{pid}", "runnable", "ext", cpu, "DSQ 0", waited)
            for pid, cpu, waited in ((1, 0, 5), (2, 2, 9), (3, 1, 99))
        )
        snapshot = dataclasses.replace(_snapshot(), tasks=tasks)
        made = self.page(_stop(), cause=cause, stood=Stood(1, snapshot))
        self.assertEqual((made.task, made.pid), ("w2", 2))
        self.assertEqual(made.why, "of those it had waited longest: on CPU 2, in DSQ 0")
        none = dataclasses.replace(cause, cpus=frozenset({7}))
        self.assertEqual(self.page(_stop(), cause=none).why, "it had CPU 1")

    def test_the_calls_are_those_of_the_task_and_of_the_cpu(self) -> None:
        records: list[Record] = []
        for i in range(200):
            pid, cpu = (61, 0) if i in (3, 7) else (8, i % 2)
            records += [_entry(10 * i, pid, cpu), _return(10 * i + 5, 10 * i, cpu)]
        made = self.page(*records, _stop(), cause=dataclasses.replace(_CAUSE, pid=61))
        times = [call.at_ns - 1_000_000_000 for call in made.calls]
        self.assertEqual(times[:2], [30, 70])
        self.assertEqual({call.cpu for call in made.calls[2:]}, {1})
        self.assertEqual(times[-1], 1990)
        self.assertLen(made.calls, MOST_CALLS)
        self.assertEqual(made.calls_left_out, 200 - MOST_CALLS)

    def test_what_has_changed_is_of_the_task_and_of_all_that_is_none(self) -> None:
        before = dataclasses.replace(_snapshot(depth=0), tasks=_snapshot().tasks[1:])
        hog = dataclasses.replace(before.tasks[0], state="sleeping")
        before = dataclasses.replace(before, tasks=(hog,))
        made = self.page(_stop(), cause=dataclasses.replace(_CAUSE, pid=61), before=before)
        self.assertIn("DSQ 0: depth 0 -> 1", made.changes)
        self.assertEqual([each for each in made.changes if "hog" in each], [])

    def test_the_last_events_are_the_tasks_own(self) -> None:
        names = ("pid", "dsq", "depth")
        events = tuple(
            Event(i, 0, "dsq_insert", names, (61 if i % 2 else 8, "0", 1)) for i in range(100)
        )
        cause = dataclasses.replace(_CAUSE, pid=61)
        made = page(_seen(_stop()), cause, Decisions(2, events))
        self.assertEqual([each.at_ns for each in made.events], list(range(53, 100, 2)))
        self.assertEqual(made.events[0].event, "goes into DSQ 0, then 1 deep")


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""How a guest is taken to a place: what is ordered at each stand, and what goes wrong."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.introspect.instant.place import Place
from ktstr.introspect.instant.programs import Loading
from ktstr.introspect.instant.stand import Stand
from ktstr.introspect.instant.walk import Walk, function_at
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.orders import MOST_BREAKS, Orders, Told, Word
from ktstr.introspect.plugin.part import Looked
from ktstr.introspect.plugin.records import ProbeCount, Row
from ktstr.model.errors import InfraError, UsageError
from tests.support.plans import plan

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])
_SCHEDULE = _KERNEL.symbol("schedule")
_PROGRAM = 0xFFFF_FFFF_A000_0000
_MS = 1_000_000
_NEVER = (1 << 64) - 1


class _Times:
    """A clock of a guest that is 100 ms behind virtual time."""

    def now_ns(self, at_ns: int) -> int:
        return at_ns + 100 * _MS

    def monotonic_ns(self, now_ns: int) -> int:
        return now_ns - 100 * _MS


class WalkTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        # stands for QEMU: something that is killed
        self.process = subprocess.Popen(["sleep", "60"])
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.stands: list[Stand] = []
        self.goes_on = False
        self.orders = mock.create_autospec(Orders, instance=True)

    def walk(self, place: Place) -> Walk:
        return Walk(place, self.stood).look(_KERNEL, plan(), 2)

    def stood(self, stand: Stand) -> bool:
        self.stands.append(stand)
        return self.goes_on

    def at(self, walk: Walk, now_ns: int, where: int = 0, *, clock: bool = True) -> list[object]:
        """What was ordered where the guest stood at that time; `where`: for a break, which."""
        self.orders.reset_mock()
        held = Held("instant", 0, 1, {}, self.process.pid, self.orders)
        told = Told(now_ns, Word.BREAK if where else None, where, 2, {"rip": _SCHEDULE})
        times = _Times() if clock else ()
        stand = Stand(_KERNEL, held, self.orders, told, None, times)  # type: ignore[arg-type]
        with mock.patch.object(Stand, "of", return_value=stand):
            walk.held(held)
        found: list[object] = self.orders.mock_calls
        return found

    def test_a_call_of_a_function(self) -> None:
        walk = self.walk(Place("schedule", 3))
        probe, _ = walk.wanted.probes
        self.assertTrue(probe.hold and probe.walks)
        said = self.at(walk, 5 * _MS)
        call = mock.call
        self.assertEqual(
            said,
            [
                call.stop_at(_SCHEDULE, not_before_ns=_NEVER),
                call.clear(),
                call.stop_at(_SCHEDULE, skip=2, not_before_ns=0),
            ],
        )
        self.assertFalse(walk.reached)
        self.assertEqual(self.at(walk, 6 * _MS), [])
        self.assertTrue(walk.reached and walk.killed)
        self.assertEqual(self.process.wait(), -signal.SIGKILL)

    def test_a_program_is_stopped_at_from_when_it_is_loaded(self) -> None:
        walk = self.walk(Place("bpf:mine_enqueue", 2, 1000 * _MS))
        call, loads = mock.call, _KERNEL.symbol("bpf_prog_kallsyms_add")
        first = [call.stop_at(loads), call.until(1099 * _MS)]
        self.assertEqual(self.at(walk, 500 * _MS), first)
        with mock.patch.object(Loading, "learn", side_effect=[0, _PROGRAM]):
            self.assertEqual(self.at(walk, 600 * _MS, loads), [])
            known = call.stop_at(_PROGRAM, not_before_ns=_NEVER)
            self.assertEqual(self.at(walk, 601 * _MS, loads), [known])
        near = [
            call.clear(),
            call.stop_at(loads),
            call.stop_at(_PROGRAM, skip=1, not_before_ns=1100 * _MS),
        ]
        self.assertEqual(self.at(walk, 1099 * _MS), near)
        with mock.patch.object(Loading, "learn", return_value=_PROGRAM + 64):
            another = call.stop_at(_PROGRAM + 64, skip=1, not_before_ns=1100 * _MS)
            self.assertEqual(self.at(walk, 1200 * _MS, loads), [another])
        # something else lies where the first one was
        self.assertEqual(self.at(walk, 1300 * _MS, _PROGRAM), [])
        self.assertFalse(walk.reached)
        assert walk._loading is not None
        walk._loading.places.add(_PROGRAM)
        self.at(walk, 1400 * _MS, _PROGRAM)
        self.assertTrue(walk.reached and walk.killed)

    def test_a_program_that_is_loaded_without_end(self) -> None:
        walk = self.walk(Place("bpf:mine", 9))
        self.at(walk, 5 * _MS)
        loads = _KERNEL.symbol("bpf_prog_kallsyms_add")
        for number in range(MOST_BREAKS):
            with mock.patch.object(Loading, "learn", return_value=_PROGRAM + 64 * number):
                self.at(walk, 6 * _MS, loads)
        self.assertIsInstance(walk.raised, UsageError)
        self.assertStartsWith(str(walk.raised), "bpf:mine is loaded again and again, at more than")
        self.assertEqual(self.process.wait(), -signal.SIGKILL)

    @parameterized.parameters((None, 7), (2000, 4), (3000, 0))
    def test_how_often_it_was_called_is_told_where_it_was_not_so_often(
        self, at_ms: int | None, times: int
    ) -> None:
        walk = self.walk(Place("schedule", 9, None if at_ms is None else at_ms * _MS))
        self.at(walk, 500 * _MS)
        if at_ms is not None:
            self.at(walk, (at_ms + 99) * _MS)
        calls = [(_SCHEDULE, 900 * _MS)] * 3 + [(_SCHEDULE, 2200 * _MS)] * 4 + [(1, 9000 * _MS)]
        rows = [Row("calls", 0, struct.pack("<QQ", *each)) for each in calls]
        walk.made(Looked(rows=rows, probes={"calls": ProbeCount(8, 8)}))
        self.assertEqual(walk.missed, f"it was called {times} times")
        walk.made(Looked(rows=rows, probes={"calls": ProbeCount(9, 8)}))
        self.assertEqual(walk.missed, f"it was called at least {times} times")

    def test_calls_are_counted_only_where_more_than_one_is_wanted(self) -> None:
        self.assertLen(self.walk(Place("schedule")).wanted.probes, 1)
        self.assertLen(self.walk(Place("schedule", 2)).wanted.probes, 2)
        self.assertLen(self.walk(Place("bpf:x", 2)).wanted.probes, 3)
        walk = self.walk(Place("bpf:x"))
        walk.made(Looked())
        self.assertStartsWith(walk.missed, "no BPF program 'x' was loaded; none was loaded")

    def test_a_time_is_gone_to_in_two_steps(self) -> None:
        walk = self.walk(Place(at_ns=1000 * _MS))
        self.assertEqual(self.at(walk, 500 * _MS), [mock.call.until(1099 * _MS)])
        self.assertEqual(self.at(walk, 1099 * _MS), [mock.call.until(1100 * _MS, exact=False)])
        self.assertEmpty(self.stands)
        self.assertEqual(walk.begins_ns, 400 * _MS)
        self.at(walk, 1100 * _MS)
        self.assertLen(self.stands, 1)

    def test_before_the_kernel_has_a_clock_it_is_looked_for_again(self) -> None:
        walk = self.walk(Place(at_ns=1000 * _MS))
        self.assertEqual(self.at(walk, 0, clock=False), [mock.call.until(20 * _MS)])
        self.assertEqual(self.at(walk, 20 * _MS, clock=False), [mock.call.until(40 * _MS)])
        self.assertEqual(self.at(walk, 40 * _MS), [mock.call.until(1099 * _MS)])

    def test_a_function_at_a_time_is_known_before_its_code_first_runs(self) -> None:
        walk = self.walk(Place("schedule", 2, 1000 * _MS))
        call = mock.call
        first = call.stop_at(_SCHEDULE, not_before_ns=_NEVER)
        self.assertEqual(self.at(walk, 500 * _MS), [first, call.until(1099 * _MS)])
        near = [call.clear(), call.stop_at(_SCHEDULE, skip=1, not_before_ns=1100 * _MS)]
        self.assertEqual(self.at(walk, 1099 * _MS), near)

    def test_an_instruction_of_virtual_time_for_who_steps(self) -> None:
        walk = self.walk(Place(now_ns=700 * _MS, exact=True, closely=True))
        self.assertEqual(self.at(walk, 500 * _MS), [mock.call.until(699 * _MS)])
        near = [mock.call.closely(True), mock.call.until(700 * _MS, exact=True)]
        self.assertEqual(self.at(walk, 699 * _MS), near)

    def test_an_instant_before_all_that_runs(self) -> None:
        walk = self.walk(Place(at_ns=300 * _MS, words="0.3s"))
        self.at(walk, 500 * _MS)
        self.assertIsInstance(walk.raised, UsageError)
        self.assertEqual(
            str(walk.raised), "the run begins at 0.400000000 s of the guest, behind 0.3s"
        )
        self.assertFalse(walk.reached)
        self.assertEqual(self.process.wait(), -signal.SIGKILL)

    def test_the_beginning_of_virtual_time_is_before_it_too(self) -> None:
        walk = self.walk(Place(now_ns=0, words="100s before the failure"))
        self.at(walk, 500 * _MS)
        self.assertIsInstance(walk.raised, UsageError)
        self.assertEndsWith(f"{walk.raised}", "behind 100s before the failure")

    def test_a_time_before_the_clock_began_is_come_to_at_once(self) -> None:
        walk = self.walk(Place(at_ns=-1000 * _MS))
        self.at(walk, 0, clock=False)
        self.assertEqual(self.at(walk, 20 * _MS), [mock.call.until(0, exact=False)])

    def test_a_guest_that_goes_on_stands_wherever_it_was_ordered_to(self) -> None:
        self.goes_on = True
        walk = self.walk(Place("schedule"))
        for now in (5, 6, 7):
            self.at(walk, now * _MS)
        self.assertLen(self.stands, 2)
        self.assertFalse(walk.killed)
        self.assertIsNone(self.process.poll())

    def test_a_guest_goes_on_to_a_later_place(self) -> None:
        places = [Place(at_ns=2000 * _MS, closely=True)]
        walk = Walk(Place("schedule"), lambda _: places.pop() if places else False)
        walk.look(_KERNEL, plan(), 2)
        self.at(walk, 5 * _MS)
        call = mock.call
        there = [call.clear(), call.closely(False), call.until(2099 * _MS)]
        self.assertEqual(self.at(walk, 600 * _MS), there)
        self.assertFalse(walk.reached)
        near = [call.closely(True), call.until(2100 * _MS, exact=False)]
        self.assertEqual(self.at(walk, 2099 * _MS), near)
        self.at(walk, 2100 * _MS)
        self.assertTrue(walk.reached and walk.killed)

    def test_who_fails_to_look_ends_it(self) -> None:
        def fails(_: Stand) -> bool:
            raise InfraError("drgn ended with status 1")

        walk = Walk(Place("schedule"), fails).look(_KERNEL, plan(), 2)
        self.at(walk, 5 * _MS)
        self.at(walk, 6 * _MS)
        self.assertIsInstance(walk.raised, InfraError)
        self.assertEqual(self.process.wait(), -signal.SIGKILL)

    def test_why_it_could_not_be_looked_at_is_kept(self) -> None:
        walk = self.walk(Place("schedule"))
        walk.made(Looked(problem="the plugin is of another version"))
        self.assertEqual(walk.problem, "the plugin is of another version")
        walk = Walk(Place("schedule"), self.stood)
        walk.without("no index")
        self.assertEqual((walk.problem, walk.wanted.probes), ("no index", ()))

    @parameterized.parameters(
        ("shedule", "no symbol 'shedule'; it has schedule"),
        ("sched_ticks", "it has sched_tick"),
        ("try_to_wake_up.part.0", "what the compiler has inlined has no place of its own"),
    )
    def test_what_the_kernel_lacks(self, name: str, said: str) -> None:
        with self.assertRaises(UnknownName) as raised:
            function_at(_KERNEL, name)
        self.assertIn(said, str(raised.exception))


if __name__ == "__main__":
    absltest.main()

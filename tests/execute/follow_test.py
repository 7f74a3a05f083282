# SPDX-License-Identifier: Apache-2.0
"""Who is told of a guest before it is ended, and when."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.execute import follow
from ktstr.execute.follow import GuestRun, run_guest
from ktstr.execute.watch import Watch
from ktstr.host.accel import Accel
from ktstr.host.ending import OUT_OF_TIME, EndingKind
from ktstr.machine.prepared.starts import Start
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.codec import encode
from ktstr.model.facts import End
from ktstr.model.facts import Event as Moment
from ktstr.model.machine.topology import Topology
from ktstr.model.wire.events import EventName
from ktstr.model.wire.frames import FrameType, encode_frame
from ktstr.model.wire.recording import LABOUR_S, Labour
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.deadlines import Deadline
from ktstr.vm.events import Event, Exited, Expired, FrameOutput, Interrupted, MachineEvent
from ktstr.vm.qemu import QemuTree
from ktstr.vm.signals import Termination
from tests.support.plans import plan
from tests.support.runs import hello

_LATE = Deadline("the test's body", 1.0, 0.0)
_EXITED = Exited(0, "guest-reset", "", 3.0)
_START_S = plan().deadlines.start_s * 4  # in virtual time
_END = FrameOutput(encode_frame(FrameType.END, 0, encode(End(0, 1))), 2.0)


def _said(*said: tuple[float, EventName, str]) -> list[Event]:
    """A guest that comes up after a second and says so, and then of these moments."""
    up = FrameOutput(encode_frame(FrameType.HELLO, 0, encode(hello(plan()))), 1.0)
    frames = (
        (at_s, encode_frame(FrameType.EVENT, number, encode(Moment(0, name, None, detail))))
        for number, (at_s, name, detail) in enumerate(said, 1)
    )
    return [up, *(FrameOutput(frame, at_s) for at_s, frame in frames)]


class _FollowTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        (self.root / "console.log").write_bytes(b"")
        self.vm = mock.MagicMock()
        self.vm.__enter__.return_value = self.vm
        self.vm.files.console = self.root / "console.log"
        self.vm.files.is_full.return_value = False
        self.vm.host_wait_s.return_value = 0.0
        self.vm.spec = MachineSpec(
            QemuTree(self.root), self.root, (), (), Topology(1, 1, 2, 1), 256, Accel.VIRTUAL
        )

    def run_with(self, *events: Event, watch: Watch) -> GuestRun:
        """The run of a machine that these events happen to."""
        return self.run_through(events, watch)

    def run_through(
        self, events: Iterable[Event], watch: Watch, patience_s: float = 0.0
    ) -> GuestRun:
        """The same, of events that are made one after another."""
        self.vm.next_event.side_effect = events
        start, limit_s = Start("cold"), float("inf")
        with (
            mock.patch.object(follow, "Vm", return_value=self.vm) as self.made,
            Termination() as termination,
        ):
            told = (plan(), self.vm.spec, TargetDisks(), self.root, termination, limit_s)
            return run_guest(*told, start, watch, patience_s=patience_s)


class PatienceTest(_FollowTest):
    def put_off(self, patience_s: float, *waited_s: float) -> list[float]:
        """By how much all deadlines are put off, where the time of the run is over each time."""
        self.run_through(self._expiring(waited_s), Watch(), patience_s)
        return [call.args[0] for call in self.vm.deadlines.put_off.mock_calls]

    def _expiring(self, waited_s: tuple[float, ...]) -> Iterator[Event]:
        for each in waited_s:
            self.vm.host_wait_s.return_value = each
            yield Expired(Deadline(OUT_OF_TIME, 9.0, 9.0), 9.0)
        yield _EXITED

    def test_what_the_host_has_kept_from_it_is_made_up_for_once(self) -> None:
        self.assertEqual(self.put_off(60.0, 5.0, 12.0, 12.2), [5.0, 7.0])
        self.vm.quit.assert_called_once()

    def test_patience_comes_to_an_end(self) -> None:
        self.assertEqual(self.put_off(7.0, 5.0, 12.0, 20.0), [5.0, 2.0])

    def test_a_run_that_others_leave_no_time_has_none(self) -> None:
        self.assertEqual(self.put_off(0.0, 5.0), [])
        self.vm.quit.assert_called_once()


class BeforeEndTest(_FollowTest):
    def test_it_gets_the_machine_before_that_is_told_to_quit(self) -> None:
        calls = mock.Mock()
        self.vm.quit = calls.quit
        ran = self.run_with(Expired(_LATE, 2.0), _EXITED, watch=Watch(before_end=calls.before_end))
        self.assertEqual(
            calls.mock_calls, [mock.call.before_end(self.vm, _LATE), mock.call.quit(mock.ANY)]
        )
        self.assertIs(ran.record.ending.kind, EndingKind.DEADLINE)

    def test_it_gets_the_machine_whose_guest_has_said_its_end(self) -> None:
        before_end, heard = mock.Mock(), mock.Mock()
        self.run_with(_END, _EXITED, watch=Watch(hear=heard, before_end=before_end))
        before_end.assert_called_once_with(self.vm, None)
        heard.assert_called_once_with(End(0, 1))
        self.vm.quit.assert_not_called()

    def test_the_time_that_it_takes_is_not_the_shutdowns(self) -> None:
        calls = mock.Mock()
        self.vm.deadlines.start = calls.start
        self.run_with(_END, _EXITED, watch=Watch(before_end=calls.before_end))
        names = [each[0] for each in calls.mock_calls]
        self.assertEqual(names, ["start", "before_end", "start"])

    def test_a_signal_to_us_is_no_time_to_look(self) -> None:
        before_end, dying = mock.Mock(), mock.Mock()
        watch = Watch(before_end=before_end, dying=dying)
        self.run_with(Interrupted("SIGTERM", 2.0), _EXITED, watch=watch)
        before_end.assert_not_called()
        dying.assert_not_called()
        self.vm.quit.assert_called_once()

    def test_a_guest_that_dies_is_told_of_between_who_looks_and_its_end(self) -> None:
        calls = mock.Mock()
        self.vm.quit, self.vm.let_go = calls.quit, calls.let_go
        watch = Watch(before_end=calls.before_end, dying=calls.dying)
        self.run_with(Expired(_LATE, 2.0), _EXITED, watch=watch)
        # a vCPU that is held could not be stopped
        self.assertEqual(
            [each[0] for each in calls.mock_calls], ["let_go", "before_end", "dying", "quit"]
        )
        calls.dying.assert_called_once_with(self.vm, _LATE)

    def test_a_panic_is_told_of_once_and_its_guest_goes_on(self) -> None:
        calls = mock.Mock()
        self.vm.deadlines.start, self.vm.let_go = calls.start, calls.let_go
        panic = MachineEvent("GUEST_PANICKED", {"action": "run"}, 2.0)
        ran = self.run_with(panic, panic, _EXITED, watch=Watch(dying=calls.dying))
        names = [each[0] for each in calls.mock_calls]
        self.assertEqual(names, ["start", "let_go", "dying", "start"])
        calls.dying.assert_called_once_with(self.vm, None)
        self.vm.quit.assert_not_called()
        self.assertIs(ran.record.ending.kind, EndingKind.PANICKED)

    def test_a_guest_that_comes_to_its_end_does_not_die(self) -> None:
        dying = mock.Mock()
        self.run_with(_END, _EXITED, watch=Watch(dying=dying))
        dying.assert_not_called()
        self.vm.let_go.assert_not_called()

    def test_listeners_are_the_machines(self) -> None:
        listener = mock.Mock()
        self.run_with(_EXITED, watch=Watch(listeners=(listener,)))
        *_, last = self.made.call_args.kwargs["listeners"]
        self.assertIs(last, listener)


class RecorderTest(_FollowTest):
    """The test waits for its recorder, in no time of its own."""

    def limits(self, *said: tuple[float, EventName, str]) -> tuple[list[tuple[str, float]], float]:
        """Phases from the guest's hello on, with their limits, and how long the set-up was."""
        calls = mock.Mock()
        self.vm.deadlines.start = calls.start
        exited = Exited(0, "guest-reset", "", 500.0)
        ran = self.run_with(*_said(*said), exited, watch=Watch())
        _boot, *rest = (call.args for call in calls.mock_calls)
        return rest, ran.wall_s["scheduler and scenario set-up"]

    def test_the_set_up_goes_on_with_what_was_left_of_its_time(self) -> None:
        scaled_s = _START_S * (1 + 1 / 8)  # two vCPUs
        limit_s = LABOUR_S[Labour.LOADING] + 10.0
        limits, took_s = self.limits(
            (3.0, EventName.RECORDER_BEGIN, Labour.LOADING),
            (93.0, EventName.RECORDER_END, Labour.LOADING),
            (96.0, EventName.SCENARIO_START, ""),
        )
        set_up = "scheduler and scenario set-up"
        expected = [(set_up, scaled_s), (Labour.LOADING, limit_s), (set_up, scaled_s - 2.0)]
        self.assertEqual(limits[:3], expected)
        self.assertEqual(limits[3][0], "the test's body")
        self.assertAlmostEqual(took_s, 5.0)

    def test_what_the_host_has_kept_from_it_is_left_too(self) -> None:
        self.vm.host_wait_s.side_effect = [0.0, 0.0, 1.5, 1.5, 1.5]
        limits, _ = self.limits(
            (3.0, EventName.RECORDER_BEGIN, Labour.CALLBACKS),
            (4.0, EventName.RECORDER_END, Labour.CALLBACKS),
        )
        self.assertAlmostEqual(limits[2][1] - limits[0][1], -0.5)

    def test_a_guest_that_has_panicked_gets_no_time_for_what_is_read_later(self) -> None:
        calls = mock.Mock()
        self.vm.deadlines.start = calls.start
        up, begins = _said((3.0, EventName.RECORDER_BEGIN, Labour.CALLBACKS))
        panic = MachineEvent("GUEST_PANICKED", {"action": "run"}, 3.0)
        self.run_with(up, panic, begins, _EXITED, watch=Watch())
        names = [call.args[0] for call in calls.mock_calls]
        self.assertEqual(names[1:], ["scheduler and scenario set-up", "reboot after a panic"])

    def test_an_end_without_a_beginning_and_a_labour_that_there_is_not_change_nothing(self) -> None:
        limits, _ = self.limits(
            (3.0, EventName.RECORDER_END, Labour.LOADING),
            (4.0, EventName.RECORDER_BEGIN, "tea"),
            (5.0, EventName.SCENARIO_START, ""),
            (6.0, EventName.RECORDER_END, Labour.LOADING),
        )
        names = [name for name, _ in limits]
        self.assertEqual(names, ["scheduler and scenario set-up", "the test's body"])


if __name__ == "__main__":
    absltest.main()

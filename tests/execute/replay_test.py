# SPDX-License-Identifier: Apache-2.0
"""Which runs are played again, for how long, and when the second is the first once more."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.execute.budget import UNLIMITED, Budget
from ktstr.execute.outcome import Outcome
from ktstr.execute.replay import Replayed, open_because, replay
from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.host.start import StartFacts, StartKind
from ktstr.judge.judgement import Judgement
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.machine.prepared.templates import Templates
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.errors import UsageError
from ktstr.model.facts import End, Hello
from ktstr.model.machine.disk import Throttle
from ktstr.model.machine.topology import Topology
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.disk.disks import DiskSpec
from ktstr.vm.qemu import QemuTree
from ktstr.vm.signals import Termination
from tests.support.plans import plan

_STALL = Detail(Kind.SCHEDULER_EJECTED, "runnable task stall", subject="error_stall")
_SAID = b"what the guest said"


def _outcome(detail: Detail = _STALL, seconds: float = 10.0, **changes: Any) -> Outcome:
    start = StartFacts(StartKind.CLONED, "ab" * 32, "of the build's", 0.1)
    hello = mock.create_autospec(Hello, instance=True)
    record = RunRecord(plan(), Accel.VIRTUAL, Ending(EndingKind.EXITED), hello=hello, start=start)
    record = replace(record, **{"end": End(1, 1), **changes})
    return Outcome(record, Judgement(Verdict.FAIL, (detail,)), {"total": seconds})


class ReplayTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        spec = MachineSpec(
            QemuTree(self.root), self.root, (), (), Topology(1, 1, 2, 1), 256, Accel.VIRTUAL
        )
        templates = mock.create_autospec(Templates, instance=True)
        self.machine = PreparedMachine(spec, TargetDisks(), (), "", templates)
        self.first = self.root / "first"
        self.first.mkdir()
        (self.first / "frames.bin").write_bytes(_SAID)
        self.limit_s = 0.0

    def replayed(
        self,
        again: Outcome | None = None,
        said: bytes = _SAID,
        budget: Budget = UNLIMITED,
        seconds: float = 10.0,
    ) -> Replayed:
        """What comes of a failed run whose second guest ends so, and has said this."""

        def run(*arguments: Any, budget: Budget, **_: Any) -> Outcome:
            (arguments[2] / "frames.bin").write_bytes(said)
            self.limit_s = budget.left_s()
            return again or _outcome()

        with Termination() as termination, mock.patch("ktstr.execute.rerun.run", side_effect=run):
            first = _outcome(seconds=seconds)
            place = self.root / "second"
            return replay(first, self.first, self.machine, place, termination, budget=budget)

    def test_the_same_run_is_the_same(self) -> None:
        replayed = self.replayed()
        self.assertEqual((replayed.differs, replayed.whole), ("", True))
        self.assertBetween(self.limit_s, 14.0, 15.0)

    def test_a_guest_that_was_ended_early_has_said_the_beginning(self) -> None:
        again = _outcome(Detail(Kind.HANG, "killed"), end=None)
        self.assertEqual(self.replayed(again, _SAID[:5]).differs, "")
        self.assertRegex(self.replayed(again, b"what else").differs, "from byte 5 of frames.bin on")

    def test_another_run_is_told_from_the_first(self) -> None:
        self.assertRegex(self.replayed(said=_SAID[:5]).differs, "from byte 5 of")
        self.assertRegex(self.replayed(said=_SAID + b"!").differs, "from byte 19 of")
        other = _outcome(Detail(Kind.STARVED, "w0.0.1 did nothing"))
        self.assertRegex(self.replayed(other).differs, "runnable task stall; then w0.0.1 did")
        cold = StartFacts(StartKind.COLD, "", "no clone: torn", 0.9)
        self.assertRegex(self.replayed(_outcome(start=cold)).differs, "then no clone: torn")

    def test_its_time_is_bounded_by_bazels_and_by_the_runs_own(self) -> None:
        self.replayed(budget=Budget.start(8.0))
        self.assertLess(self.limit_s, 8.0)
        self.replayed(seconds=0.1)
        self.assertBetween(self.limit_s, 2.0, 3.0)
        with self.assertRaisesRegex(UsageError, "2 s are left, and a guest needs 3 at least"):
            self.replayed(budget=Budget.start(2.0))

    @parameterized.parameters(
        ({"accel": Accel.TCG}, {}, "it ran under tcg, in the host's time"),
        ({"accel": Accel.KVM}, {}, "it ran under kvm, in the host's time"),
        ({"control": True}, {}, "it had a live channel"),
        ({}, {"hello": None}, "its guest never came up"),
        ({}, {"ending": Ending(EndingKind.TERMINATED, "SIGTERM")}, "ended from outside"),
        ({}, {"ending": Ending(EndingKind.KILLED, "SIGKILL")}, "ended from outside"),
    )
    def test_a_run_that_is_not_closed(
        self, machine: dict[str, Any], record: dict[str, Any], why: str
    ) -> None:
        spec = replace(self.machine.spec, **machine)
        self.assertRegex(open_because(_outcome(**record), replace(self.machine, spec=spec)), why)

    def test_nothing_is_started_for_a_machine_with_a_throttled_disk(self) -> None:
        disk = DiskSpec("slow", "slow", self.root, 1 << 20, throttle=Throttle(iops=10))
        spec = replace(self.machine.spec, disks=(disk,))
        self.machine = replace(self.machine, spec=spec)
        with self.assertRaisesRegex(UsageError, r"QEMU itself served its disks \(slow\)"):
            self.replayed()
        self.assertEqual(self.limit_s, 0.0)


if __name__ == "__main__":
    absltest.main()

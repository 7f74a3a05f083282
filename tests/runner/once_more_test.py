# SPDX-License-Identifier: Apache-2.0
"""Which tests that failed in real time run once more, and what their results say of that."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest

from ktstr.execute.again import MOST_TIMES, run_again, unrepeatable_because
from ktstr.execute.budget import UNLIMITED, Budget
from ktstr.execute.durations import body_s
from ktstr.execute.outcome import Outcome
from ktstr.execute.rerun import Rerun
from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.introspect.recorder.recorder import Recorder
from ktstr.introspect.recorder.targets import Recording
from ktstr.introspect.replay.page import Replay, Way
from ktstr.judge.judgement import Judgement
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.machine.prepared.templates import Templates
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.errors import UsageError
from ktstr.model.facts import Hello
from ktstr.model.machine.topology import Topology
from ktstr.model.plan import RECORDING_PATH
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.recording import LABOUR_S, Recorded
from ktstr.record.run import RunRecord
from ktstr.runner import once_more
from ktstr.runner.once_more import with_second_run
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.qemu import QemuTree
from ktstr.vm.signals import Termination
from tests.support.plans import plan

_STALL = Detail(Kind.SCHEDULER_EJECTED, "runnable task stall", subject="SCX_EXIT_ERROR_STALL")
_OTHER = Detail(Kind.STARVED, "w0.0.1 did nothing")


def _outcome(
    detail: Detail | None = _STALL, verdict: Verdict = Verdict.FAIL, **changes: Any
) -> Outcome:
    hello = mock.create_autospec(Hello, instance=True)
    run = RunRecord(plan(), Accel.TCG, Ending(EndingKind.EXITED), hello=hello)
    details = () if detail is None else (detail,)
    changed = dataclasses.replace(run, **changes)
    return Outcome(changed, Judgement(verdict, details), {"total": 2.0})


class OnceMoreTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.create_tempdir().full_path) / "replay"
        index = self.folder / "vmlinux.index"
        spec = MachineSpec(
            QemuTree(self.folder), self.folder, (), (), Topology(1, 1, 1, 1), 256, Accel.TCG
        )
        templates = mock.create_autospec(Templates, instance=True)
        self.machine = PreparedMachine(spec, TargetDisks(), (), "", templates, kernel_index=index)
        self.recorder = Recorder(mock.Mock(), Recording(()))
        self.enterContext(mock.patch.object(once_more, "recorder_of", return_value=self.recorder))
        self.ran = 0

    def page(
        self,
        first: Outcome,
        again: Outcome | None = None,
        raises: Exception | None = None,
        told: str = "nothing was recorded in the guest: no BPF",
    ) -> Replay | None:
        """The page of a run whose second one ends so, and whose guest has told this."""

        def once(outcome: Outcome, recorder: Recorder, directory: Path) -> Rerun:
            del outcome
            self.ran += 1
            directory.mkdir()
            if raises is not None:
                raise raises
            recorder.hear(Recorded.of([], told))
            assert again is not None
            return Rerun(again, 1.5)

        found = with_second_run(first, self.machine, self.folder, once)
        self.assertFalse(self.folder.exists())
        self.assertEqual("replay" in found.wall_s, self.ran > 0)
        self.assertIs(found.judgement, first.judgement)
        return found.run.replay

    def test_the_verdict_stays_whatever_the_second_run_comes_to(self) -> None:
        page = self.page(_outcome(), _outcome(None, Verdict.PASS), told="")
        assert page is not None
        self.assertEqual((page.what, page.again, page.second), ("ejection", False, ""))
        self.assertEqual((page.way, page.problem), (Way.PROGRAMS, ""))

    def test_that_a_second_run_passes_is_known_whatever_was_not_recorded_of_it(self) -> None:
        page = self.page(_outcome(), _outcome(None, Verdict.PASS))
        assert page is not None
        self.assertEqual((page.again, page.second, page.problem), (False, "", ""))
        self.assertEqual(page.missing, ("nothing was recorded in the guest: no BPF",))

    def test_the_same_failure_and_another_one_are_told_apart(self) -> None:
        page = self.page(_outcome(), _outcome())
        assert page is not None
        self.assertEqual((page.again, page.second), (True, "runnable task stall"))
        self.assertEqual(page.problem, "nothing was recorded in the guest: no BPF")
        page = self.page(_outcome(), _outcome(_OTHER))
        assert page is not None
        self.assertEqual((page.again, page.second), (False, "w0.0.1 did nothing"))

    def test_what_no_event_has_failed_does_not_run_again(self) -> None:
        self.assertIsNone(self.page(_outcome(Detail(Kind.WAKE_LATENCY, "p99 is 20 ms"))))
        self.assertIsNone(self.page(_outcome(None, Verdict.PASS)))
        self.assertEqual(self.ran, 0)

    def test_a_run_that_cannot_be_made_again_says_why(self) -> None:
        page = self.page(_outcome(hello=None))
        assert page is not None
        self.assertEqual(page.problem, "not played again: its guest never came up")
        page = self.page(_outcome(ending=Ending(EndingKind.TERMINATED, "SIGTERM")))
        assert page is not None
        self.assertIn("ended from outside", page.problem)
        spec = dataclasses.replace(self.machine.spec, control=True)
        machine = dataclasses.replace(self.machine, spec=spec)
        self.assertIn("live channel", unrepeatable_because(_outcome(), machine))
        machine = dataclasses.replace(self.machine, kernel_index=None)
        self.assertIn("no index", unrepeatable_because(_outcome(), machine))
        self.assertEqual(self.ran, 0)

    def test_without_time_and_with_a_mistake_of_ours_the_result_is_there(self) -> None:
        page = self.page(_outcome(), raises=UsageError("one cannot be run again: no time"))
        assert page is not None
        self.assertEqual(page.problem, "one cannot be run again: no time")
        page = self.page(_outcome(), raises=KeyError("x"))
        assert page is not None
        self.assertEqual(page.problem, "ktstr's own mistake, KeyError: 'x'")

    def test_a_runner_that_is_told_to_go_says_so(self) -> None:
        gone = _outcome(
            Detail(Kind.INFRA, "killed", Verdict.INCONCLUSIVE),
            Verdict.INCONCLUSIVE,
            ending=Ending(EndingKind.TERMINATED, "SIGTERM"),
        )
        page = self.page(_outcome(), gone)
        assert page is not None
        self.assertEqual(page.problem, "the runner got SIGTERM before the second run was over")

    def test_a_damaged_recording_is_told(self) -> None:
        self.recorder.hear(Recorded("bm8=", ""))
        self.assertIn("damaged", self.recorder.problem)
        self.recorder.hear(Recorded.of([b"{"], ""))
        self.assertIn("the guest's recorder says", self.recorder.problem)
        self.assertIsNone(self.recorder.told)


class RunAgainTest(absltest.TestCase):
    def limit_s(self, budget: Budget, total_s: float = 10.0) -> float:
        """How long the second run of one that took so long may take."""
        limits = []

        def run(*arguments: Any, budget: Budget, files: dict[str, bytes], **_: Any) -> Outcome:
            del arguments
            limits.append(budget.left_s())
            self.assertStartsWith(files[RECORDING_PATH], b"KTRC")
            return _outcome()

        machine = mock.Mock(accel=Accel.KVM)
        machine.spec.topology = Topology(1, 1, 1, 1)
        first = dataclasses.replace(_outcome(), wall_s={"total": total_s})
        recorder = Recorder(mock.Mock(), Recording(()))
        folder = Path(self.create_tempdir().full_path) / "replay"
        with Termination() as termination, mock.patch("ktstr.execute.rerun.run", side_effect=run):
            run_again(first, recorder, machine, folder, termination, budget=budget)
        [limit_s] = limits
        return limit_s

    def test_its_time_is_bounded_by_bazels_and_by_the_runs_own(self) -> None:
        body = body_s(plan())
        # a recorder that is as slow as it may be is not cut short
        labours = sum(LABOUR_S.values())
        self.assertGreater(self.limit_s(UNLIMITED), MOST_TIMES * 10.0 + body + labours)
        # one that failed at once: where it does not fail again, all of the test is played
        self.assertGreater(self.limit_s(UNLIMITED, 0.5), body)
        self.assertGreater(body, plan().duration_s)
        self.assertLess(self.limit_s(Budget.start(8.0)), 8.0)
        with self.assertRaisesRegex(UsageError, "2 s are left, and a guest needs 3 at least"):
            self.limit_s(Budget.start(2.0))


if __name__ == "__main__":
    absltest.main()

# SPDX-License-Identifier: Apache-2.0
"""Which failed tests are played again, and what their results say where they are not."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest

from ktstr.execute.outcome import Outcome
from ktstr.execute.replay import Replayed
from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.introspect.invariants.findings import InvariantFindings
from ktstr.introspect.plugin.part import Part
from ktstr.introspect.postmortem.state import PostMortem
from ktstr.introspect.replay.cause import Cause, Moment, Moments, What
from ktstr.introspect.replay.page import Replay
from ktstr.introspect.replay.part import ReplayPart, Seen, Stood
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.judge.judgement import Judgement
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.machine.prepared.templates import Templates
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.errors import UsageError
from ktstr.model.facts import Hello
from ktstr.model.machine.topology import Topology
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord
from ktstr.runner import replaying
from ktstr.runner.replaying import (
    ALL,
    EVENTS,
    OFF,
    Played,
    ended_words,
    has_first_cause,
    with_page,
    with_replay,
)
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.qemu import QemuTree
from tests.support.plans import plan

_STALL = Detail(Kind.SCHEDULER_EJECTED, "runnable task stall")
_MOMENTS = Moments((Moment("scx_ops_exit_kind", 0, 5, 1026),))


def _outcome(detail: Detail = _STALL, **changes: Any) -> Outcome:
    hello = mock.create_autospec(Hello, instance=True)
    run = RunRecord(plan(), Accel.VIRTUAL, Ending(EndingKind.EXITED), hello=hello, moments=_MOMENTS)
    judgement = Judgement(Verdict.FAIL, (detail,))
    return Outcome(dataclasses.replace(run, **changes), judgement, {"total": 2.0})


class ReplayingTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.create_tempdir().full_path)
        spec = MachineSpec(
            QemuTree(self.folder), self.folder, (), (), Topology(1, 1, 2, 1), 256, Accel.VIRTUAL
        )
        templates = mock.create_autospec(Templates, instance=True)
        self.machine = PreparedMachine(spec, TargetDisks(), (), "", templates)
        self.played = 0
        self.names: list[str] = []

    def page(
        self,
        outcome: Outcome,
        wanted: str = EVENTS,
        raises: Exception | None = None,
        differs: str = "",
    ) -> Replay | None:
        """The page of an outcome whose second guest stands nowhere."""

        def again(first: Outcome, looks: Sequence[Part], directory: Path) -> Replayed:
            self.played += 1
            self.names = [look.name for look in looks]
            directory.mkdir()
            if raises is not None:
                raise raises
            for look in looks:
                look.without("QEMU's tree has no plugin")
            return Replayed(first, differs, False, 1.5)

        found = with_replay(outcome, wanted, self.machine, self.folder, again)
        self.assertFalse((self.folder / "replay").exists())
        self.assertEqual("replay" in found.wall_s, self.played > 0)
        return found.run.replay

    def test_a_threshold_is_played_again_only_where_it_is_asked_for(self) -> None:
        late = _outcome(Detail(Kind.WAKE_LATENCY, "p99 is 20 ms"))
        self.assertIsNone(self.page(late))
        page = self.page(late, ALL)
        assert page is not None
        self.assertEqual(page.problem, "not played again: the scenario did not come to its end")
        self.assertEqual(self.played, 0)

    def test_off_is_off(self) -> None:
        self.assertIsNone(self.page(_outcome(), OFF))
        self.assertEqual(self.played, 0)

    def test_a_run_that_is_not_closed_says_why_and_starts_nothing(self) -> None:
        spec = dataclasses.replace(self.machine.spec, accel=Accel.KVM)
        self.machine = dataclasses.replace(self.machine, spec=spec)
        page = self.page(_outcome())
        assert page is not None
        self.assertStartsWith(page.problem, "not played again: it ran under kvm, in the host's")
        self.assertEqual((self.played, page.again), (0, False))

    def test_a_guest_that_could_not_be_looked_into_says_why(self) -> None:
        page = self.page(_outcome())
        assert page is not None
        self.assertEqual((page.again, page.problem), (False, "QEMU's tree has no plugin"))
        self.assertEqual((page.what, self.played), ("ejection", 1))

    def test_what_the_guest_asks_is_answered_as_in_its_own_run(self) -> None:
        self.page(_outcome())
        self.assertEqual(self.names, ["asked", "decisions", "replay"])

    def test_the_guest_is_kept_where_the_failure_came_again(self) -> None:
        """As of one that only the judgement finds, of which there is no other."""
        kept = Snapshot("first-cause", 7, "6.12")
        before = Snapshot("declared", 3, "6.12")
        page = Replay("passed limit", "starved", True)
        first = _outcome(snapshots=(before,))
        found = with_page(first, "x", lambda: "", lambda _: Played(page, 1.0, kept))
        self.assertEqual(found.run.snapshots, (before,))
        found = with_page(first, 5, lambda: "", lambda _: Played(page, 1.0, kept))
        self.assertEqual(found.run.snapshots, (before, kept))
        found = with_page(first, 5, lambda: "", lambda _: Played(page, 1.0))
        self.assertEqual(found.run.snapshots, (before,))

    def test_one_that_was_kept_already_is_not_kept_twice(self) -> None:
        snapshot = Snapshot("", 7, "6.12")
        bare = _outcome().run
        self.assertFalse(any(has_first_cause(bare, what) for what in What))
        threw = dataclasses.replace(bare, snapshots=(snapshot,))
        self.assertTrue(has_first_cause(threw, What.EJECTED))
        self.assertFalse(has_first_cause(threw, What.PASSED))
        broke = dataclasses.replace(bare, invariants=InvariantFindings(first=snapshot))
        self.assertTrue(has_first_cause(broke, What.BROKE))
        hung = dataclasses.replace(bare, post_mortem=PostMortem("it hung", snapshot))
        self.assertTrue(has_first_cause(hung, What.HUNG))
        self.assertFalse(has_first_cause(hung, What.WARNED))

    def test_a_starved_worker_has_its_first_cause_among_the_snapshots(self) -> None:
        """From the replay's part to the run, as a result is made of it."""
        cause = Cause(What.PASSED, "starved", "w0 did nothing", 9, False, 1, pid=61)

        def again(first: Outcome, looks: Sequence[Part], directory: Path) -> Replayed:
            part = next(each for each in looks if isinstance(each, ReplayPart))
            part.seen = Seen({}, mock.Mock(), mock.Mock(), stood=Stood(1, Snapshot("stop", 8, "")))
            return Replayed(first, "", False, 1.5)

        made = Replay("passed limit", "w0 did nothing", True, at_ns=9)
        with (
            mock.patch.object(replaying, "cause_of", return_value=cause),
            mock.patch("ktstr.introspect.replay.made.page", return_value=made),
        ):
            found = with_replay(_outcome(), EVENTS, self.machine, self.folder, again)
        (kept,) = found.run.snapshots
        self.assertEqual((kept.name, kept.at_ns, kept.monotonic_ns), ("first-cause", 8, 9))

    def test_another_run_than_the_first_is_none_that_failed_again(self) -> None:
        page = self.page(_outcome(), differs="its guest came up otherwise")
        assert page is not None
        self.assertEqual((page.again, page.problem), (False, "its guest came up otherwise"))

    def test_a_guest_that_somebody_ended_before_says_so(self) -> None:
        first = _outcome()
        late = dataclasses.replace(first.run, ending=Ending(EndingKind.DEADLINE, "x"))
        words = ended_words(Replayed(dataclasses.replace(first, run=late), "", False, 30.0))
        self.assertEqual(words, "it did not come again within 30 s")
        told = dataclasses.replace(first.run, ending=Ending(EndingKind.TERMINATED, "SIGTERM"))
        words = ended_words(Replayed(dataclasses.replace(first, run=told), "", False, 3.0))
        self.assertEqual(words, "the runner got SIGTERM before it could come again")
        self.assertEqual(ended_words(Replayed(first, "", True, 3.0)), "")

    def test_without_time_and_with_a_mistake_of_ours_the_result_is_there(self) -> None:
        page = self.page(_outcome(), raises=UsageError("one cannot be replayed: no time"))
        assert page is not None
        self.assertEqual(page.problem, "one cannot be replayed: no time")
        page = self.page(_outcome(), raises=KeyError("x"))
        assert page is not None
        self.assertEqual(page.problem, "ktstr's own mistake, KeyError: 'x'")


if __name__ == "__main__":
    absltest.main()

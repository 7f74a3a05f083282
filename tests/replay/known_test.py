# SPDX-License-Identifier: Apache-2.0
"""Instants of a run by what it says of itself, and what is said where there are none."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from absl.testing import absltest

from ktstr.execute.outcome import Outcome
from ktstr.introspect.instant.place import Place
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.postmortem.state import PostMortem
from ktstr.introspect.replay.cause import Anchor, Moment, Moments
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.trace.events import Decisions, Event
from ktstr.judge.judgement import Judgement
from ktstr.model.errors import UsageError
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.runner.replay.arguments import Of, Replay, When, instant
from ktstr.runner.replay.known import Known
from tests.support.runs import good_run

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])
_S = 1_000_000_000
_EVENTS = (
    Event(2 * _S, 0, "switch", ("prev",), (7,)),
    Event(2 * _S + 100, 1, "enqueue", ("class", "pid"), ("ext", 7)),
    Event(2 * _S + 200, 1, "pick", ("class", "pid"), ("ext", 7)),
)


class KnownTest(absltest.TestCase):
    def known(self, judgement: Judgement | None = None) -> Known:
        run = replace(good_run(), decisions=Decisions(2, _EVENTS))
        return Known.of(Outcome(run, judgement or Judgement(Verdict.PASS), {}))

    def place(self, known: Known, text: str, function: str = "") -> Place:
        return known.place(Replay(Path("main"), function=function, when=instant(text)), _KERNEL)

    def refused(self, known: Known, when: When) -> str:
        with self.assertRaises(UsageError) as raised:
            known.place(Replay(Path("main"), when=when), _KERNEL)
        return str(raised.exception)

    def test_a_time_counts_from_where_the_time_line_begins(self) -> None:
        known = self.known()
        begin = known.begin_ns
        assert begin is not None
        place = self.place(known, "0.5s", "schedule")
        self.assertEqual((place.at_ns, str(place)), (begin + _S // 2, "schedule, 0.5s"))
        self.assertEqual(self.place(known, "guest:1.25s").at_ns, 1_250_000_000)
        self.assertIn("0.500000000 s of the time line", known.on_line(begin + _S // 2))

    def test_an_instant_behind_the_end(self) -> None:
        said = self.refused(self.known(), instant("guest:3.1s"))
        self.assertStartsWith(said, "guest:3.1s is behind the end of pairs, which is at ")
        self.assertEndsWith(said, "3.000000000 s of the guest")

    def test_a_guest_that_never_ended_ran_until_somebody_looked_at_it(self) -> None:
        anchor = Anchor(8 * _S, 17 * _S, 7 * _S)
        hung = PostMortem("", Snapshot("", 40 * _S, "6.12"))
        panicked = Moments((Moment("panic", 0, 9 * _S, 0),), anchor)
        for moments, post_mortem, end_ns in (
            (Moments((), anchor), hung, 30 * _S),
            (panicked, None, 8 * _S),
            (None, hung, 2 * _S),
        ):
            run = replace(good_run(), end=None, moments=moments, post_mortem=post_mortem)
            known = Known.of(Outcome(run, Judgement(Verdict.FAIL), {}))
            self.assertEqual(known.end_ns, end_ns)
            self.assertEqual(known.instant_ns(When(Of.GUEST, end_ns, "then")), end_ns)

    def test_events_are_at_the_functions_that_make_them(self) -> None:
        known = self.known()
        second = self.place(known, "event:2")
        self.assertEqual(second.address, _KERNEL.symbol("enqueue_task_scx"))
        self.assertEqual((second.at_ns, str(second)), (2 * _S + 96, "event:2, enqueue on CPU 1"))
        # a return has no place that is known
        self.assertEqual(self.place(known, "event:3").address, 0)

    def test_an_event_that_did_not_happen(self) -> None:
        said = self.refused(self.known(), instant("event:4"))
        self.assertStartsWith(
            said, "event:4 did not happen: pairs has 3 events, the last of them pick"
        )
        run = replace(good_run(), decisions=Decisions(2, _EVENTS, cut=True))
        cut = Known.of(Outcome(run, Judgement(Verdict.PASS), {}))
        self.assertStartsWith(
            self.refused(cut, instant("event:4")),
            "event:4 is behind where the trace of pairs is cut: it has 3 events, the last of",
        )
        run = replace(good_run(), decisions=Decisions(2, problem="no plugin"))
        bare = Known.of(Outcome(run, Judgement(Verdict.PASS), {}))
        self.assertEqual(
            self.refused(bare, instant("event:1")), "pairs has no event at all: no plugin"
        )

    def test_before_the_failure(self) -> None:
        wanted = Replay(Path("main"), when=When(Of.FAILURE, 5_000_000, "5ms before the failure"))
        thrown = Moment("scx_ops_exit_kind", 1, 9 * _S, 1024)
        moments = Moments((replace(thrown, number=64), thrown), Anchor(8 * _S, 0, 7 * _S))
        run = replace(good_run(), moments=moments)
        # a test that is to fail has passed by it
        known = Known.of(Outcome(run, Judgement(Verdict.PASS), {}))
        place = known.place(wanted, _KERNEL)
        self.assertEqual(place.now_ns, 9 * _S - 5_000_000)
        self.assertEqual(place.at_ns, 8 * _S - 5_000_000)
        self.assertEqual(str(place), "5ms before the failure")

    def test_no_failure(self) -> None:
        when = When(Of.FAILURE, 5_000_000, "5ms before the failure")
        self.assertEqual(
            self.refused(self.known(), when),
            "pairs has no failure to stand before: it has ended (PASS)",
        )
        other = Judgement(Verdict.INCONCLUSIVE, (Detail(Kind.INFRA, "the disk is full"),))
        self.assertEqual(
            self.refused(self.known(other), when),
            "the failure of pairs has no instant of its own (the disk is full); say --at TIME",
        )


if __name__ == "__main__":
    absltest.main()

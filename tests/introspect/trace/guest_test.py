# SPDX-License-Identifier: Apache-2.0
"""The trace of a real guest: all that was decided, and the run as without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from absl.testing import absltest
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as protos

from ktstr.execute.outcome import Outcome
from ktstr.introspect.costs.part import CostPart
from ktstr.introspect.plugin.part import Part
from ktstr.introspect.trace.events import Decisions, Event
from ktstr.introspect.trace.part import TracePart
from ktstr.introspect.trace.perfetto import perfetto
from ktstr.introspect.trace.waits import Run, runs_of, told
from ktstr.model.facts import WorkerFacts
from ktstr.model.verdict.checks import Verdict
from ktstr.model.wire.events import EventName
from tests.support.prepared import Prepared, prepared

_CONFIG = "_main/tests/introspect/trace/subject.config.json"
_GUESTS = 2


class GuestTest(absltest.TestCase):
    target: Prepared
    plain: tuple[Outcome, bytes]
    traced: tuple[Outcome, bytes]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        with ExitStack() as stack:
            cls.target = stack.enter_context(prepared(_CONFIG, lambda cases: _GUESTS))
            cls.plain = cls._run()
            cls.traced = cls._run(TracePart(), CostPart())

    @classmethod
    def _run(cls, *looks: Part) -> tuple[Outcome, bytes]:
        """The outcome of the target's test, and all that the guest said."""
        session = replace(cls.target.session, looks=looks)
        (outcome,) = session.run(cls.target.cases, lambda _: None)
        return outcome, cls.target.said(outcome.test)

    @property
    def decisions(self) -> Decisions:
        """Of the guest that was traced."""
        made = self.traced[0].run.decisions
        assert made is not None
        return made

    def of(self, what: str) -> list[Event]:
        """The events of a kind."""
        return [event for event in self.decisions.events if event.what == what]

    def test_the_run_is_the_same_to_the_byte(self) -> None:
        self.assertIs(self.plain[0].judgement.verdict, Verdict.PASS)
        self.assertGreater(len(self.plain[1]), 1000)
        self.assertEqual(self.plain[1], self.traced[1])
        self.assertIsNone(self.plain[0].run.decisions)

    def test_nothing_lacks(self) -> None:
        self.assertEqual((self.decisions.problem, self.decisions.lacks), ("", ()))
        self.assertFalse(self.decisions.cut)
        kinds = Counter(event.what for event in self.decisions.events)
        for what in (
            *("waking", "new", "wakeup", "enqueue", "dequeue", "dsq_insert", "dsq_remove"),
            *("pick", "switch", "migrate", "preempt", "tick", "op"),
        ):
            self.assertGreater(kinds[what], 0, what)

    def test_a_cpu_is_given_up_by_who_had_it(self) -> None:
        last: dict[int, object] = {}
        for event in self.of("switch"):
            values = event.values
            self.assertEqual(values["prev"], last.get(event.cpu, values["prev"]), event)
            last[event.cpu] = values["next"]
        self.assertEqual(set(last), {0, 1})

    def test_times_are_the_guests_own(self) -> None:
        times = [event.at_ns for event in self.decisions.events]
        self.assertEqual(times, sorted(times))
        moments = {event.name: event.at_ns for event in self.traced[0].run.events}
        began, ended = moments[EventName.SCENARIO_START], moments[EventName.SCENARIO_END]
        self.assertLess(times[0], began)
        self.assertGreater(times[-1], ended)
        workers = self.traced[0].run.workers
        self.assertLen(workers, 4)
        runs = runs_of(self.decisions)
        for worker in workers:
            window = range(worker.started_ns, worker.ended_ns)
            spent = sum(_within(run, window) for run in runs if run.pid == worker.pid)
            unread = _before_its_first_reading(self.decisions, runs, worker)
            # its CPU time has what it ran between its first reading and its start, too
            self.assertBetween(spent, 0.95 * worker.cpu_ns, 1.005 * worker.cpu_ns + unread)

    def test_callbacks_did_what_they_say(self) -> None:
        calls = [event.values for event in self.of("op")]
        kinds = Counter(values["op"] for values in calls)
        shared = [event for event in self.of("dsq_insert") if event.values["dsq"] == "0"]
        self.assertEqual(kinds["enqueue"], len(shared))
        self.assertGreater(kinds["dispatch"], 10)
        (init,) = [values for values in calls if values["op"] == "init"]
        self.assertEqual((init["program"], init["result"]), ("fifo_init", 0))
        cpus = {values["result"] for values in calls if values["op"] == "select_cpu"}
        self.assertEqual(cpus, {0, 1})
        woken = {int(values["pid"]) for values in calls if values["op"] == "select_cpu"}
        self.assertContainsSubset({worker.pid for worker in self.traced[0].run.workers}, woken)

    def test_who_kept_a_worker_off_is_said_by_name(self) -> None:
        workers = {worker.pid for worker in self.traced[0].run.workers}
        first, *waits = told(self.decisions, min(workers))
        self.assertRegex(first, r"was ready \d+ times, and waited [\d.]+ us for a CPU")
        self.assertLen(waits, 5)
        said = "\n".join(told(self.decisions, min(workers), most=1000))
        others = [f"{self.decisions.names[pid]} ({pid}) " for pid in workers - {min(workers)}]
        # two may have run on the other CPU whenever this one waited
        self.assertTrue(any(each in said for each in others), said)

    def test_perfettos_protos_read_all_of_it(self) -> None:
        trace = protos.Trace.FromString(b"".join(perfetto(self.decisions)))
        kinds = Counter(
            event.WhichOneof("event")
            for packet in trace.packet
            for event in packet.ftrace_events.event
        )
        self.assertEqual(kinds["sched_switch"], len(self.of("switch")))
        self.assertEqual(kinds["sched_waking"], len(self.of("waking")))
        begins = [
            packet.track_event.name
            for packet in trace.packet
            if packet.track_event.type == protos.TrackEvent.TYPE_SLICE_BEGIN
        ]
        self.assertLen(begins, len(self.of("op")))


def _before_its_first_reading(
    decisions: Decisions, runs: Sequence[Run], worker: WorkerFacts
) -> int:
    """What a worker may have run since its start that its CPU time is without, in ns.

    One that waits for its start has read its CPU time. One that was told to start on its way there
    reads it in its first turn on a CPU.
    """
    window = range(worker.started_ns, worker.ended_ns)
    first = next(run for run in runs if run.pid == worker.pid and _within(run, window))
    waited = any(
        event.what == "waking"
        and event.values["pid"] == worker.pid
        and window.start <= event.at_ns <= first.began_ns
        for event in decisions.events
    )
    return 0 if waited else _within(first, window)


def _within(run: Run, window: range) -> int:
    """Nanoseconds of a run in a window of time."""
    return max(0, min(run.ended_ns, window.stop) - max(run.began_ns, window.start))


if __name__ == "__main__":
    absltest.main()

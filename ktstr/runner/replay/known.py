# SPDX-License-Identifier: Apache-2.0
"""What a test's run says of its own instants: when it began, ended, failed, decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ktstr.execute.causes import cause_of
from ktstr.execute.outcome import Outcome
from ktstr.introspect.instant.place import Place, seconds
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.watch import When as Side
from ktstr.introspect.postmortem.first_cause import FIRST_ERROR, SITES
from ktstr.introspect.replay.cause import Cause
from ktstr.introspect.replay.moments import OOPSES, PANICS
from ktstr.introspect.trace.events import Event
from ktstr.introspect.trace.points import points_of
from ktstr.model.errors import UsageError
from ktstr.record.run import RunRecord
from ktstr.report.tables import begin_ns
from ktstr.result import result_pb2
from ktstr.result.make.timeline import timeline
from ktstr.runner.replay.arguments import Of, Replay, When

_NS = 1_000_000_000
# the moment of a time line that a run ends with (result/make/timeline.py)
_END = "end"
# An instruction takes 8 ns of virtual time, and the guest's clock rounds: so much before an event
# is behind the instruction before it.
_ROUNDED_NS = 4


@dataclass(frozen=True)
class Known:
    """A run that was played to its end.

    Attributes:
      name: of the test.  verdict: what it got.
      begin_ns: where the report's time line begins, on the guest's clock; None: there is none.
      end_ns: the last that is known of the guest; None: nothing is.
      outcome: None where it was played before, and only its result is there.
    """

    name: str
    verdict: str
    begin_ns: int | None
    end_ns: int | None
    outcome: Outcome | None = None

    @classmethod
    def of(cls, outcome: Outcome) -> Known:
        """What its record says."""
        run, verdict = outcome.run, outcome.judgement.verdict.upper()
        begin, end = begin_ns(timeline(run)), max(_times_of(run), default=None)
        return cls(outcome.test, verdict, begin, end, outcome)

    @classmethod
    def of_result(cls, result: result_pb2.Result) -> Known | None:
        """What its result says; None where that does not know how the guest ended."""
        ends = [each.at_ns for each in result.timeline.moments if each.name == _END]
        if not ends:
            return None
        verdict = result_pb2.Verdict.Name(result.verdict)
        return cls(result.identity.test, verdict, begin_ns(result.timeline), max(ends))

    def place(self, wanted: Replay, kernel: Kernel) -> Place:
        """Where it is to stand.

        Raises:
          UsageError: there is no such instant in this run; what is near is named.
        """
        when = wanted.when
        if when is None:
            return Place(wanted.function, wanted.hit)
        if when.of is Of.EVENT:
            return self._event(when, kernel)
        if when.of is Of.FAILURE:
            return self._before(wanted, when)
        return at_once(wanted, self.instant_ns(when))

    @property
    def ending(self) -> str:
        """That it has ended, how and when."""
        at = f" at {self.on_line(self.end_ns)}" if self.end_ns is not None else ""
        return f"{self.name} has ended ({self.verdict}){at}"

    def instant_ns(self, when: When) -> int:
        """An instant of the guest's clock, that is not behind the run's end. Raises UsageError."""
        at_ns = self._at(when)
        self._check(at_ns, when.text)
        return at_ns

    def on_line(self, at_ns: int) -> str:
        """A time of the guest, and where that is on the report's time line."""
        if self.begin_ns is None:
            return seconds(at_ns)
        return f"{(at_ns - self.begin_ns) / _NS:.9f} s of the time line, {seconds(at_ns)}"

    def _at(self, when: When) -> int:
        if when.of is Of.GUEST:
            return when.count
        if self.begin_ns is None:
            raise UsageError(
                f"{when.text} is of the report's time line, and {self.name} has none: nothing of "
                f"it has a time; say guest:{when.text}"
            )
        return self.begin_ns + when.count

    def _check(self, at_ns: int, text: str) -> None:
        if self.end_ns is None or at_ns > self.end_ns:
            end = "nowhere" if self.end_ns is None else f"at {self.on_line(self.end_ns)}"
            raise UsageError(f"{text} is behind the end of {self.name}, which is {end}")

    def _failure_ns(self) -> int:
        """Virtual time of the run's failure.

        Raises:
          UsageError: it did not fail, or no instant is that of its failure.
        """
        assert self.outcome is not None
        cause, moments = cause_of(self.outcome, thresholds=True), self.outcome.run.moments
        if isinstance(cause, Cause):
            return cause.at_ns
        if moments is not None:
            # a test that is to fail has passed by it
            thrown = moments.first(SITES, FIRST_ERROR)
            moment = thrown or moments.first((*PANICS, *OOPSES))
            if moment is not None:
                return moment.at_ns
        first = self.outcome.judgement.first_cause
        if first is None:
            raise UsageError(
                f"{self.name} has no failure to stand before: it has ended ({self.verdict})"
            )
        raise UsageError(
            f"the failure of {self.name} has no instant of its own ({cause or first.message}); "
            f"say --at TIME"
        )

    def _before(self, wanted: Replay, when: When) -> Place:
        """So long before the failure."""
        assert self.outcome is not None
        now_ns = max(0, self._failure_ns() - when.count)
        anchor = self.outcome.run.moments.anchor if self.outcome.run.moments else None
        at_ns = None if anchor is None else anchor.monotonic_ns + now_ns - anchor.at_ns
        return Place(wanted.function, wanted.hit, at_ns, now_ns=now_ns, words=_words(wanted))

    def _event(self, when: When, kernel: Kernel) -> Place:
        assert self.outcome is not None
        decisions = self.outcome.run.decisions
        events: Sequence[Event] = decisions.events if decisions is not None else ()
        if not events:
            problem = decisions.problem if decisions is not None else "nobody traced it"
            raise UsageError(f"{self.name} has no event at all: {problem or 'nothing was decided'}")
        if when.count > len(events):
            last = f"the last of them {events[-1].what} at {self.on_line(events[-1].at_ns)}"
            if decisions is not None and decisions.cut:
                raise UsageError(
                    f"{when.text} is behind where the trace of {self.name} is cut: it has "
                    f"{len(events)} events, {last}; say --at TIME"
                )
            raise UsageError(
                f"{when.text} did not happen: {self.name} has {len(events)} events, {last}"
            )
        event = events[when.count - 1]
        words = f"{when.text}, {event.what} on CPU {event.cpu}"
        address = _address_of(event, kernel)
        return Place(at_ns=event.at_ns - _ROUNDED_NS, address=address, words=words)


def at_once(wanted: Replay, at_ns: int) -> Place:
    """A place at a time of the guest's clock, or behind that."""
    return Place(wanted.function, wanted.hit, at_ns, words=_words(wanted))


def _times_of(run: RunRecord) -> Iterator[int]:
    """What is known of when the guest still ran; where it did not end by itself, by looks at it."""
    yield from (event.at_ns for event in run.events)
    if run.end is not None:
        yield run.end.at_ns
        return
    anchor = run.moments.anchor if run.moments is not None else None
    if run.moments is None or anchor is None:
        return
    yield from (anchor.monotonic_ns + each.at_ns - anchor.at_ns for each in run.moments.found)
    if run.post_mortem is not None:
        yield anchor.monotonic_ns + run.post_mortem.snapshot.at_ns - anchor.clock_ns


def _words(wanted: Replay) -> str:
    call = f"call {wanted.hit}" if wanted.hit > 1 else ""
    when = wanted.when.text if wanted.when is not None else ""
    return ", ".join(filter(None, (wanted.function, call, when)))


def _address_of(event: Event, kernel: Kernel) -> int:
    """Of the function at whose entry an event is; 0 for one elsewhere: a return, a program."""
    for point in points_of(kernel)[0]:
        same = all(event.values.get(name) == value for name, value in point.always)
        if point.event == event.what and same and point.probe.when is Side.ENTRY:
            return point.probe.address
    return 0

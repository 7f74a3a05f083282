# SPDX-License-Identifier: Apache-2.0
"""What a test's run says of its own instants: when it began, ended, failed, decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.execute.outcome import Outcome
from ktstr.introspect.instant.failures import Failure
from ktstr.introspect.instant.place import Place, seconds
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.watch import When as Side
from ktstr.introspect.trace.events import Event
from ktstr.introspect.trace.points import points_of
from ktstr.model.errors import UsageError
from ktstr.report.tables import begin_ns
from ktstr.result.make.timeline import timeline
from ktstr.runner.replay.arguments import Of, Replay, When

_NS = 1_000_000_000
# An instruction takes 8 ns of virtual time, and the guest's clock rounds: so much before an event
# is behind the instruction before it.
_ROUNDED_NS = 4


@dataclass(frozen=True)
class Known:
    """A run that was played to its end.

    Attributes:
      begin_ns: where the report's time line begins, on the guest's clock; None: there is none.
      end_ns: the last that the guest said of itself; None: it said nothing.
      failure: of its kernel.
    """

    outcome: Outcome
    begin_ns: int | None
    end_ns: int | None
    failure: Failure | None = None

    @classmethod
    def of(cls, outcome: Outcome, failure: Failure | None = None) -> Known:
        """What its record says."""
        run = outcome.run
        said = [event.at_ns for event in run.events]
        said += [run.end.at_ns] if run.end is not None else []
        said += [failure.at_ns] if failure is not None else []
        return cls(outcome, begin_ns(timeline(run)), max(said, default=None), failure)

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
        at_ns = self.instant_ns(when)
        words = ", ".join(
            filter(None, (wanted.function, f"call {wanted.hit}" * (wanted.hit > 1), when.text))
        )
        return Place(wanted.function, wanted.hit, at_ns, words=words)

    @property
    def ending(self) -> str:
        """That it has ended, how and when."""
        at = f" at {self.on_line(self.end_ns)}" if self.end_ns is not None else ""
        return f"{self._name} has ended ({self.outcome.judgement.verdict.upper()}){at}"

    def instant_ns(self, when: When) -> int:
        """An instant of the guest's clock, that is not behind the run's end. Raises UsageError."""
        at_ns = self._failure_ns() - when.count if when.of is Of.FAILURE else self._at(when)
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
                f"{when.text} is of the report's time line, and {self._name} has none: nothing of "
                f"it has a time; say guest:{when.text}"
            )
        return self.begin_ns + when.count

    def _check(self, at_ns: int, text: str) -> None:
        if self.end_ns is None or at_ns > self.end_ns:
            end = "nowhere" if self.end_ns is None else f"at {self.on_line(self.end_ns)}"
            raise UsageError(f"{text} is behind the end of {self._name}, which is {end}")

    def _failure_ns(self) -> int:
        """The instant of the run's failure, on the guest's clock.

        Raises:
          UsageError: it did not fail, or no single instant is that of its failure.
        """
        if self.failure is not None:
            return self.failure.at_ns
        cause = self.outcome.judgement.first_cause
        verdict = self.outcome.judgement.verdict.upper()
        if cause is None:
            raise UsageError(
                f"{self._name} has no failure to stand before: it has ended ({verdict})"
            )
        raise UsageError(
            f"the failure of {self._name} has no instant of its own ({cause.message}); "
            f"say --at TIME"
        )

    def _event(self, when: When, kernel: Kernel) -> Place:
        decisions = self.outcome.run.decisions
        events: Sequence[Event] = decisions.events if decisions is not None else ()
        if not events:
            problem = decisions.problem if decisions is not None else "nobody traced it"
            raise UsageError(
                f"{self._name} has no event at all: {problem or 'nothing was decided'}"
            )
        if when.count > len(events):
            last = events[-1]
            raise UsageError(
                f"{when.text} did not happen: {self._name} has {len(events)} events, the last "
                f"of them {last.what} at {self.on_line(last.at_ns)}"
            )
        event = events[when.count - 1]
        words = f"{when.text}, {event.what} on CPU {event.cpu}"
        address = _address_of(event, kernel)
        return Place(at_ns=event.at_ns - _ROUNDED_NS, address=address, words=words)

    @property
    def _name(self) -> str:
        return self.outcome.test


def _address_of(event: Event, kernel: Kernel) -> int:
    """Of the function at whose entry an event is; 0 for one elsewhere: a return, a program."""
    for point in points_of(kernel)[0]:
        same = all(event.values.get(name) == value for name, value in point.always)
        if point.event == event.what and same and point.probe.when is Side.ENTRY:
            return point.probe.address
    return 0

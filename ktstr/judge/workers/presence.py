# SPDX-License-Identifier: Apache-2.0
"""Which CPUs were there, and when: what is judged by CPUs is judged by those."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.judge.workers.subjects import NS_PER_MS
from ktstr.model.facts import Event
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.wire.events import EventName

# the kernel tells of a CPU that goes once it is gone: its tasks were moved away before
_LEAD_NS = 100 * NS_PER_MS


@dataclass(frozen=True)
class Change:
    """A CPU that came or went."""

    at_ns: int
    cpu: int
    online: bool


@dataclass(frozen=True)
class Span:
    """A part of a window, 1 being all of it, in which the CPUs `gone` were not there."""

    part: float
    gone: frozenset[int]


@dataclass(frozen=True)
class Presence:
    """The changes of one run, in order; before the first one all CPUs are there."""

    changes: tuple[Change, ...] = ()

    def spans(self, started_ns: int, ended_ns: int) -> list[Span]:
        """The window, divided where a CPU came or went."""
        gone: frozenset[int] = frozenset()
        found, since = [], started_ns
        length = max(1, ended_ns - started_ns)
        for change in self.changes:
            at = min(max(change.at_ns, since), ended_ns)
            if at > since:
                found.append(Span((at - since) / length, gone))
                since = at
            gone = gone - {change.cpu} if change.online else gone | {change.cpu}
            if change.at_ns >= ended_ns:
                break
        if since < ended_ns or not found:
            found.append(Span(max(0, ended_ns - since) / length, gone))
        return found

    def losses(self, cpus: frozenset[int], started_ns: int, ended_ns: int) -> Iterator[Change]:
        """The moments at which the last of `cpus` went, if none was there in a part of the window.

        The window is looked at from a little before it to a little after it.
        """
        gone: frozenset[int] = frozenset()
        loss: Change | None = None
        for change in self.changes:
            had = bool(cpus - gone)
            gone = gone - {change.cpu} if change.online else gone | {change.cpu}
            has = bool(cpus - gone)
            if had and not has:
                loss = change
            elif has and loss is not None:
                if loss.at_ns <= ended_ns + _LEAD_NS and change.at_ns + _LEAD_NS >= started_ns:
                    yield loss
                loss = None
        if loss is not None and loss.at_ns <= ended_ns + _LEAD_NS:
            yield loss

    def lost(
        self, cpus: frozenset[int], started_ns: int, ended_ns: int, *, since_ns: int | None = None
    ) -> str:
        """When all of `cpus` were gone in a part of the window, in words; empty if they never were.

        Times are told from `since_ns` on, or from the window's begin.
        """
        loss = next(self.losses(cpus, started_ns, ended_ns), None)
        if loss is None:
            return ""
        told = when(loss, started_ns if since_ns is None else since_ns)
        return f"no CPU of {format_cpulist(cpus)} was there after {told}"

    def around(self, started_ns: int, ended_ns: int) -> Change | None:
        """The first change within a window, which is looked at as `losses` does."""
        inside = (
            change for change in self.changes if started_ns <= change.at_ns <= ended_ns + _LEAD_NS
        )
        return next(inside, None)

    def gone_throughout(self, started_ns: int, ended_ns: int) -> frozenset[int]:
        """The CPUs that were away all of the window."""
        return frozenset.intersection(*(span.gone for span in self.spans(started_ns, ended_ns)))

    def gone_sometime(self, started_ns: int, ended_ns: int) -> frozenset[int]:
        """The CPUs that were away in a part of the window."""
        return frozenset().union(*(span.gone for span in self.spans(started_ns, ended_ns)))

    def ever_gone(self) -> frozenset[int]:
        """The CPUs that were away at some time."""
        return frozenset(change.cpu for change in self.changes if not change.online)


ALL_THERE = Presence()


def presence_of(events: tuple[Event, ...]) -> Presence:
    """The CPUs' comings and goings that a guest told of."""
    told = [
        Change(event.at_ns, int(event.detail), event.name == EventName.CPU_ONLINE)
        for event in events
        if event.name in (EventName.CPU_OFFLINE, EventName.CPU_ONLINE) and event.detail.isdecimal()
    ]
    return Presence(tuple(sorted(told, key=lambda change: change.at_ns)))


def when(change: Change, since_ns: int) -> str:
    """`CPU 1 went offline, 503 ms after its start`, or before it."""
    what = f"CPU {change.cpu} {'came online' if change.online else 'went offline'}"
    ms = (change.at_ns - since_ns) / NS_PER_MS
    return f"{what}, {ms:.0f} ms after its start" if ms >= 0 else f"{what}, before its start"

# SPDX-License-Identifier: Apache-2.0
"""The page of a failure in real time, out of what the recorder of its second run has kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.recorder.calls import calls_of, name_of
from ktstr.introspect.recorder.events import events_of
from ktstr.introspect.recorder.layout import Entry, Flag, How
from ktstr.introspect.recorder.stack import named
from ktstr.introspect.recorder.targets import Recording, Target
from ktstr.introspect.recorder.told import Told
from ktstr.introspect.replay.calls import Made
from ktstr.introspect.replay.cause import Cause, What
from ktstr.introspect.replay.made import shown_calls
from ktstr.introspect.replay.page import Replay, Way

# failures that are waits for a CPU
_OF_WAITS = (What.HUNG, What.PASSED)


@dataclass(frozen=True)
class Second:
    """What came of the second run.

    again: whether the failure did.  came: the first cause of the second run; empty: it passed.
    cause: what is known of that, None where no event is.  problem: why less is known.  by: what it
    was held against the first one by, in words.
    """

    again: bool
    came: str = ""
    cause: Cause | None = None
    problem: str = ""
    by: str = ""

    @property
    def passed(self) -> bool:
        """Whether it came to its end, and nothing failed it."""
        return not (self.again or self.came or self.problem)


def bare_page(first: Cause, second: Second) -> Replay:
    """What is known without what was recorded."""
    return Replay(
        first.what,
        first.message,
        second.again,
        second.problem,
        way=Way.PROGRAMS,
        second=second.came,
        compared_by=second.by,
    )


def page(kernel: Kernel, recording: Recording, told: Told, first: Cause, second: Second) -> Replay:
    """The page; where the second run came to its end, it has no more than that."""
    found = bare_page(first, second)
    last = told.last
    if second.passed or last is None or not last.target < len(recording.targets):
        why = "nothing was recorded at which it failed" if second.came else ""
        problem = "; ".join(filter(None, (second.problem, why)))
        return replace(found, problem=problem, missing=tuple(_missing(recording, told)))
    calls = calls_of(told, recording.targets)
    # pids of the first run are those of others in the second
    cause = second.cause or replace(first, comm="", pid=0)
    comm, pid, why = _whom(cause, told, last, calls, _unreturning(recording, told))
    # the recorder's clock is CLOCK_MONOTONIC itself
    shown = shown_calls(calls, last.cpu, pid, lambda at_ns: at_ns)
    function = recording.targets[last.target].name
    return replace(
        found,
        at_ns=last.at_ns,
        cpu=last.cpu,
        function=function,
        task=comm,
        pid=pid,
        why=why,
        stack=named(kernel, told.stacks.get(last.stack, ()), told.name_of, function),
        stack_of=f"{last.comm}[{last.pid}]",
        calls=shown,
        calls_left_out=len(calls) - len(shown),
        events=events_of(told, pid),
        missing=tuple(_missing(recording, told)),
    )


def _whom(
    cause: Cause, told: Told, last: Entry, calls: Sequence[Made], unreturning: frozenset[str]
) -> tuple[str, int, str]:
    """The task that it is about: its name and pid, and how that is known.

    unreturning: functions whose returns nobody saw, so that their calls seem to be under way.
    """
    waited = told.state.waited if cause.what in _OF_WAITS else 0
    if cause.pid:
        comm = cause.comm or _comm(told, cause.pid)
        why = "the first cause of the second run names it"
        if waited and waited != cause.pid:
            other = f"{_comm(told, waited)}[{waited}]"
            why += f"; the recording ended where {other} had waited too long"
        return comm, cause.pid, why
    if waited:
        return _comm(told, waited), waited, "it had waited for a CPU for as long as that"
    if cause.what is What.EJECTED:
        for call in reversed(calls):
            is_open = call.ended_ns is None and call.function not in unreturning
            if is_open and call.cpu == last.cpu and call.tasks:
                comm, pid = call.tasks[0]
                return comm, pid, f"{call.function} was called for it, and had not returned"
    return last.comm, last.pid, f"it had CPU {last.cpu}"


def _comm(told: Told, pid: int) -> str:
    return told.tasks.get(pid, ("?", ()))[0]


def _unreturning(recording: Recording, told: Told) -> frozenset[str]:
    """The names of calls of which a return may have come that nobody recorded."""
    watched = zip(recording.targets, told.stood, strict=False)
    return frozenset(
        name_of(target, stood)
        for target, stood in watched
        if stood.how_return is How.NOT
        or stood.missed_returns
        or (stood.how_return is How.KPROBE and told.state.missed_returns)
    )


def _missing(recording: Recording, told: Told) -> Iterator[str]:
    yield from recording.missing
    refused: dict[int, list[str]] = {}
    watched = zip(recording.targets, told.stood, strict=False)
    for target, stood in watched:
        if stood.how is How.NOT and (stood.error or not _is_callback(target)):
            refused.setdefault(stood.error, []).append(target.name)
    for error, names in refused.items():
        why = os.strerror(-error) if error else "nobody tried"
        yield f"calls of {', '.join(names)}: the guest's kernel refuses ({why})"
    yield from _missed(recording, told)
    if told.state.taken > len(told.entries):
        kept = f"of {told.state.taken} records the last {len(told.entries)} were kept"
        yield f"what was recorded earlier: {kept}"
    if told.state.dropped:
        yield f"{told.state.dropped} events of tasks, for which there was no room"
    if told.state.evicted:
        yield f"what became of {told.state.evicted} tasks, whose room others got: they did not wait"


def _missed(recording: Recording, told: Told) -> Iterator[str]:
    """What came where the recorder's programs could not run."""
    watched = list(zip(recording.targets, told.stood, strict=False))
    calls = [f"{stood.missed} of {name_of(t, stood)}" for t, stood in watched if stood.missed]
    calls += [f"{told.state.missed} at any kprobe"] if told.state.missed else []
    returns = [
        f"{stood.missed_returns} from {name_of(t, stood)}"
        for t, stood in watched
        if stood.missed_returns
    ]
    shared = told.state.missed_returns
    returns += [f"{shared} at any kretprobe"] if shared else []
    why = "while a program of the recorder's ran, or too many calls were under way"
    if calls:
        yield f"calls {why}: {', '.join(calls)}"
    if returns:
        yield f"returns {why}: {', '.join(returns)}"
    if told.state.missed_events:
        yield f"{told.state.missed_events} events of tasks {why}"


def _is_callback(target: Target) -> bool:
    return bool(target.flags & Flag.OP)

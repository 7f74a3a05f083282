# SPDX-License-Identifier: Apache-2.0
"""The page of a replay, out of all that was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ktstr.introspect.plugin.records import Record
from ktstr.introspect.replay.alike import unlike
from ktstr.introspect.replay.calls import Made, depths, made_of
from ktstr.introspect.replay.cause import Cause, What
from ktstr.introspect.replay.kinds import NEAR_NS
from ktstr.introspect.replay.page import Call, Happened, Replay, Way
from ktstr.introspect.replay.part import BEFORE, STOP, Seen, Stood
from ktstr.introspect.snapshot import difference
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.trace.clock import Times
from ktstr.introspect.trace.events import Decisions
from ktstr.introspect.trace.words import is_about, words_of

# What a page has of each, for people to read; the trace itself has all.
MOST_CALLS, MOST_EVENTS, MOST_CHANGES = 40, 24, 24
_FIRST_OF_TASK = 8
_TICK = "sched_tick"
# the snapshot where the failure came again
FIRST = "first-cause"


@dataclass(frozen=True)
class _Whom:
    comm: str
    pid: int
    why: str


def page(seen: Seen, cause: Cause, decisions: Decisions | None, problem: str = "") -> Replay:
    """What was seen up to the failure; `again` where it came, at its instant as far as known.

    decisions: of the task; None where they were not traced.  problem: why there is less.
    """
    stood, records = seen.stood, seen.looked.records
    stop = next((each for each in records if each.probe == STOP), None)
    if stood is None or stop is None:
        why = problem or "it did not come again: the guest never stood where it had failed"
        return Replay(cause.what, cause.message, False, why, missing=seen.missing, way=Way.PROBES)
    times = _times(seen, records)
    stopped_ns = int.from_bytes(stop.runs[0], "little")
    comm_of = _comm_of(stood.snapshot, decisions)
    calls = made_of(records, seen.watched, seen.programs, stood.names, comm_of, seen.of_ops)
    whom = _whom(cause, stood, calls)
    shown = shown_calls(calls, stop.cpu, whom.pid, times.monotonic_ns)
    stack = stood.stacks.get(0)
    differs = unlike(cause, stopped_ns, stood)
    if differs:
        at = f"it came at {stopped_ns} ns of virtual time, and first at {cause.at_ns}"
        problem = f"{at}: {differs}; {problem}".removesuffix("; ")
    return Replay(
        cause.what,
        cause.message,
        not differs,
        problem,
        times.monotonic_ns(stopped_ns),
        stop.cpu,
        cause.function or _TICK,
        whom.comm,
        whom.pid,
        whom.why,
        tuple(frame.name for frame in stack.frames) if stack else (),
        _running(stood.snapshot, stop.cpu),
        shown,
        len(calls) - len(shown),
        tuple(_changes(seen.before, stood.snapshot, whom.pid)),
        NEAR_NS if seen.before is not None else 0,
        _events(decisions, whom.pid),
        (*seen.missing, *stood.snapshot.missing, *((stack.cut,) if stack and stack.cut else ())),
        Way.PROBES,
    )


def first_cause(seen: Seen, made: Replay) -> Snapshot | None:
    """The guest where its failure came again, as one of its snapshots; None where it did not."""
    if seen.stood is None or not made.again:
        return None
    words = f"the run was played again up to its {made.what}"
    return replace(seen.stood.snapshot, name=FIRST, cause=words, monotonic_ns=made.at_ns)


def _times(seen: Seen, records: Sequence[Record]) -> Times:
    times = Times(seen.keeper)
    for each in records:
        if each.probe in (BEFORE, STOP):
            times.add(int.from_bytes(each.runs[0], "little"), each.runs[1])
    return times


def _comm_of(snapshot: Snapshot, decisions: Decisions | None) -> Callable[[int], str]:
    names = dict(decisions.names) if decisions is not None else {}
    names |= {each.pid: each.comm for each in snapshot.tasks if each.pid}
    return lambda pid: names.get(pid, "?")


def _running(snapshot: Snapshot, cpu: int) -> str:
    for each in snapshot.runqueues:
        if each.cpu == cpu:
            return f"{each.current_comm}[{each.current}]"
    return ""


def _whom(cause: Cause, stood: Stood, calls: Sequence[Made]) -> _Whom:
    """The task that it is about, and how that is known."""
    if cause.pid:
        task = stood.snapshot.task(cause.pid)
        comm = cause.comm or (task.comm if task else "?")
        return _Whom(comm, cause.pid, "the first run says so")
    if cause.what is What.EJECTED:
        for call in reversed(calls):
            if call.ended_ns is None and call.cpu == stood.cpu and call.tasks:
                comm, pid = call.tasks[0]
                return _Whom(comm, pid, f"{call.function} was called for it, and had not returned")
    waiting = [each for each in stood.snapshot.tasks if each.queue and each.cpu in cause.cpus]
    if waiting:
        longest = max(waiting, key=lambda each: each.waiting_ns or 0)
        where = f"CPU {longest.cpu}, in {longest.queue}"
        return _Whom(longest.comm, longest.pid, f"of those it had waited longest: on {where}")
    for each in stood.snapshot.runqueues:
        if each.cpu == stood.cpu:
            return _Whom(each.current_comm, each.current, f"it had CPU {stood.cpu}")
    return _Whom("", 0, "")


def shown_calls(
    calls: Sequence[Made], cpu: int, pid: int, at_ns: Callable[[int], int]
) -> tuple[Call, ...]:
    """Of all calls those that a page has: of the CPU and of the task.

    at_ns: CLOCK_MONOTONIC at a time of theirs.
    """
    kept = _kept(calls, cpu, pid)
    return tuple(
        _call(call, depth, at_ns(call.began_ns))
        for i, (call, depth) in enumerate(zip(calls, depths(calls), strict=True))
        if i in kept
    )


def _kept(calls: Sequence[Made], cpu: int, pid: int) -> set[int]:
    """The last of the CPU and of the task, and the first of the task."""
    about = [any(each[1] == pid for each in call.tasks) for call in calls]
    mine = [i for i, call in enumerate(calls) if about[i] or call.cpu == cpu]
    first = [i for i, is_mine in enumerate(about) if is_mine][:_FIRST_OF_TASK]
    kept = {*first, *mine[len(first) - MOST_CALLS :]}
    return kept | {i for i, call in enumerate(calls) if call.ended_ns is None and call.cpu == cpu}


def _call(call: Made, depth: int, at_ns: int) -> Call:
    took = None if call.ended_ns is None else call.ended_ns - call.began_ns
    return Call(
        at_ns, call.cpu, depth, call.function, call.arguments, call.result, took, call.changed
    )


def _changes(before: Snapshot | None, after: Snapshot, pid: int) -> list[str]:
    """Of the task, and of all that is no task."""
    if before is None:
        return []
    lines = [line.strip() for line in difference.as_text(before, after).splitlines()[1:]]
    kept = [line for line in lines if not line.startswith("task ") or f"[{pid}]" in line]
    more = [f"and {len(kept) - MOST_CHANGES} more"] if len(kept) > MOST_CHANGES else []
    return kept[:MOST_CHANGES] + more


def _events(decisions: Decisions | None, pid: int) -> tuple[Happened, ...]:
    if decisions is None or not pid:
        return ()
    mine = [each for each in decisions.events if is_about(each, pid)][-MOST_EVENTS:]
    names = decisions.names
    return tuple(Happened(each.at_ns, each.cpu, words_of(each, names, pid)) for each in mine)

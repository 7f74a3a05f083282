# SPDX-License-Identifier: Apache-2.0
"""What of a failed run is to be looked at when it is played again: which instant, and whom."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ktstr.console.findings import ConsoleKind
from ktstr.execute.outcome import Outcome
from ktstr.execute.passed import passed, passed_at
from ktstr.introspect.postmortem.first_cause import FIRST_ERROR, SITES
from ktstr.introspect.replay.broken import function_of
from ktstr.introspect.replay.cause import Cause, Moment, Moments, What
from ktstr.introspect.replay.moments import OOPSES, PANICS, WARNINGS
from ktstr.introspect.snapshot.state import Task
from ktstr.judge.workers.windows import frozen_ns
from ktstr.model.facts import WorkerFacts
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from ktstr.record.run import RunRecord

# A task as the kernel's messages have it: `hog0[57]`.
TASK = re.compile(r"\(?([^\s(:]+)\[(\d+)\]")
# Where the kernel warns: `kernel/sched/ext.c:2208`.
_LINE = re.compile(r"\.[chS]:(\d+)\b")
AGENT = "ktstr-agent"
# How long after its beginning a wait without an end is looked at; and by how much a runqueue's
# clock may be behind, which is a tick.
LASTS_NS, _BEHIND_NS = 300_000_000, 12_000_000
_NS_PER_MS = 1_000_000
# What is on a stack and in no call that anybody asks for.
_MOST_CALLERS = 24
CRASHES = frozenset({ConsoleKind.OOPS, ConsoleKind.BUG, ConsoleKind.KASAN})


def cause_of(outcome: Outcome, *, thresholds: bool = False) -> Cause | str:
    """What is to be looked at; in words, why nothing is; empty text: the run needs no replay.

    thresholds: whether a failed threshold without an instant is looked at, too.
    """
    detail = outcome.judgement.first_cause
    if outcome.judgement.verdict is not Verdict.FAIL or detail is None:
        return ""
    run = outcome.run
    of_kind = _OF_KIND.get(detail.kind)
    if of_kind is not None:
        return of_kind(run, detail)
    if detail.at_ns is not None:
        return passed_at(run, detail, detail.at_ns)
    return _threshold(run, detail) if thresholds and detail.kind.is_of_workers else ""


def _ejection(run: RunRecord, detail: Detail) -> Cause | str:
    moment = _moments(run).first(SITES, FIRST_ERROR)
    if moment is None:
        return "nobody saw the kernel throw the scheduler out"
    named = TASK.search(detail.message)
    comm, pid = (named[1], int(named[2])) if named else ("", 0)
    since_ns = moment.at_ns
    task = run.snapshots[0].task(pid) if run.snapshots and pid else None
    if task is not None and task.waiting_ns:
        since_ns = max(0, moment.at_ns - task.waiting_ns)
    return _at(What.EJECTED, detail, moment, since_ns=since_ns, pid=pid, comm=comm)


def _panic(run: RunRecord, detail: Detail) -> Cause | str:
    moment = _moments(run).first((*PANICS, *OOPSES))
    if moment is None:
        return "nobody saw the kernel panic"
    what = What.CRASHED if moment.function in OOPSES else What.PANICKED
    return _at(what, detail, moment, callers=_callers(run, moment.cpu))


def _kernel_log(run: RunRecord, detail: Detail) -> Cause | str:
    moments = _moments(run)
    if detail.subject in CRASHES:
        moment, what = moments.first(OOPSES), What.CRASHED
    elif detail.subject == ConsoleKind.WARNING:
        moment, what = _warning(moments, detail.message), What.WARNED
    else:
        return f"no function is known at which the kernel says {detail.subject or 'this'}"
    if moment is None:
        return "nobody saw the kernel say it"
    return _at(what, detail, moment, callers=_callers(run, moment.cpu))


def _warning(moments: Moments, message: str) -> Moment | None:
    """The first warning of the line that a message names: others may be of a known fault."""
    line = _LINE.search(message)
    if line is None:
        return moments.first(WARNINGS)
    number, said = int(line[1]), (each for each in moments.found if each.function in WARNINGS)
    return next((each for each in said if each.number & 0xFFFF_FFFF == number), None)


def _hang(run: RunRecord, detail: Detail) -> Cause | str:
    anchor = _moments(run).anchor
    if run.post_mortem is None or anchor is None:
        return "nobody saw in which state the guest hung"
    snapshot, task = run.post_mortem.snapshot, longest_waiting(run)
    if task is None:
        return "no task of the guest could be read when it hung"
    waited_ns = task.waiting_ns or 0
    ran_ns = snapshot.at_ns - max(task.last_ran_ns or 0, waited_ns)
    waits = bool(task.queue) and waited_ns >= LASTS_NS
    # who was woken long after it last ran did not wait before
    begins_ns = snapshot.at_ns - waited_ns if waits else ran_ns
    return Cause(
        What.HUNG,
        detail.kind,
        detail.message,
        anchor.of_clock(begins_ns) + min(LASTS_NS, max(0, snapshot.at_ns - begins_ns)),
        False,
        anchor.of_clock(ran_ns),
        pid=task.pid,
        comm=task.comm,
        callers=callers_of(run),
        waits=waits,
    )


def longest_waiting(run: RunRecord) -> Task | None:
    """The agent of a guest that hangs, or who waits for longest where that does not."""
    if run.post_mortem is None:
        return None
    tasks = run.post_mortem.snapshot.tasks
    waiting = sorted((each for each in tasks if each.queue), key=_waited, reverse=True)
    found = [each for each in waiting if each.comm == AGENT]
    found += [*waiting, *(each for each in tasks if each.comm == AGENT)]
    return found[0] if found else None


def callers_of(run: RunRecord) -> tuple[str, ...]:
    """Functions on the stacks of all CPUs of a guest that had to end."""
    stacks = run.post_mortem.stacks if run.post_mortem is not None else ()
    on_cpus = (each for each in stacks if each.cpu is not None)
    return _functions(tuple(name for each in on_cpus for name in each.frames))


def _waited(task: Task) -> int:
    return task.waiting_ns or 0


def _invariant(run: RunRecord, detail: Detail) -> Cause | str:
    anchor = _moments(run).anchor
    broken = run.invariants.broken if run.invariants is not None else ()
    first = next((each for each in broken if each.name == detail.subject), None)
    if first is None or anchor is None:
        return "no record says where it did not hold"
    at_ns = max(0, anchor.of_clock(first.clock_ns) - _BEHIND_NS)
    return Cause(
        What.BROKE,
        detail.kind,
        detail.message,
        at_ns,
        False,
        at_ns,
        function_of(first),
        first.pid,
        first.task,
        broken=first,
    )


def _starved(run: RunRecord, detail: Detail) -> Cause | str:
    worker = _worker(run, detail)
    if worker is None:
        return "no worker is known that it is about"
    start = worker.started_ns
    if worker.work_units and worker.max_gap_at_ns >= worker.ended_ns:
        start = worker.max_gap_at_ns - worker.max_gap_ns
    lasts = min(LASTS_NS, max(0, worker.ended_ns - start))
    return passed(run, detail, start, start + lasts, waits=_wants_a_cpu(run, worker))


def _stuck(run: RunRecord, detail: Detail) -> Cause | str:
    worker, limit_ms = _worker(run, detail), run.plan.checks.max_gap_ms
    if worker is None or not worker.max_gap_at_ns or limit_ms is None:
        return "nobody knows when it went without a CPU"
    start = worker.max_gap_at_ns - worker.max_gap_ns
    at_ns = min(start + round(limit_ms * _NS_PER_MS), worker.max_gap_at_ns)
    return passed(run, detail, start, at_ns, waits=_wants_a_cpu(run, worker))


def _wants_a_cpu(run: RunRecord, worker: WorkerFacts) -> bool:
    """Whether a worker that has no CPU waits for one: it may sleep, or its cgroup be frozen."""
    return worker.cpu_hungry and not frozen_ns(worker.cgroup, run.cgroups)


def _threshold(run: RunRecord, detail: Detail) -> Cause | str:
    moments = {event.name: event.at_ns for event in run.events}
    began, ended = (
        moments.get(name) for name in (EventName.SCENARIO_START, EventName.SCENARIO_END)
    )
    if began is None or ended is None:
        return "the scenario did not come to its end"
    return passed(run, detail, began, ended)


def _at(
    what: What,
    detail: Detail,
    moment: Moment,
    *,
    since_ns: int | None = None,
    pid: int = 0,
    comm: str = "",
    callers: tuple[str, ...] = (),
) -> Cause:
    since_ns = moment.at_ns if since_ns is None else since_ns
    return Cause(
        what,
        detail.kind,
        detail.message,
        moment.at_ns,
        True,
        since_ns,
        moment.function,
        pid,
        comm,
        callers,
    )


def _moments(run: RunRecord) -> Moments:
    return run.moments or Moments()


def _worker(run: RunRecord, detail: Detail) -> WorkerFacts | None:
    return next((each for each in run.workers if each.pid == detail.pid), None)


def _callers(run: RunRecord, cpu: int) -> tuple[str, ...]:
    stacks = run.post_mortem.stacks if run.post_mortem is not None else ()
    return _functions(tuple(name for each in stacks if each.cpu == cpu for name in each.frames))


def _functions(frames: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the kernel's functions among frames, `name+0x12`."""
    names = (frame.partition("+")[0] for frame in frames if ":" not in frame)
    known = (name for name in names if not name.startswith("0x") and "." not in name)
    return tuple(dict.fromkeys(known))[:_MOST_CALLERS]


_OF_KIND: Mapping[Kind, Callable[[RunRecord, Detail], Cause | str]] = {
    Kind.SCHEDULER_EJECTED: _ejection,
    Kind.PANIC: _panic,
    Kind.KERNEL_LOG: _kernel_log,
    Kind.HANG: _hang,
    Kind.INVARIANT: _invariant,
    Kind.STARVED: _starved,
    Kind.STUCK: _stuck,
}

# SPDX-License-Identifier: Apache-2.0
"""CPUs that a stop, deadline or real-time task held, for which no scheduler is to blame.

Such a task stands above every sched_ext scheduler, and above EEVDF.  Who could run nowhere else
meanwhile was not starved by the scheduler; who could was not moved away by it, which is told.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ktstr.console.findings import ConsoleKind
from ktstr.judge.blame.excused import excused
from ktstr.judge.run.kernel_log import STALLS
from ktstr.judge.workers.presence import Presence, presence_of
from ktstr.judge.workers.subjects import NS_PER_S, worker_name
from ktstr.judge.workers.views import asked_view
from ktstr.judge.workers.windows import allowed, gap_window
from ktstr.model.facts import SchedulerFacts, WorkerFacts
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.witness import FUNCTION_COMM, OWN_COMMS, Hold
from ktstr.record.run import RunRecord

# a time of which so much was held is not the scheduler's
_MOST = 0.5
# less of it is not worth a word
_SOME = 0.1
_SHOWN = 3
# a stall of which the kernel says neither CPU nor length is told with no shorter holds
_LONG_NS = 1_000_000_000

# kernel/sched/ext.c: check_rq_for_timeouts(), scx_tick(); 6.12 to 7.2
# names may hold brackets and blanks of their own, so that the number is what says who it is
_STALLED = re.compile(r"\[(\d+)\] failed to run for (\d+\.\d+)s")
_WATCHDOG = re.compile(r"watchdog failed to check in for (\d+\.\d+)s")
# the same, scx_dump_task(): a task's line, and below it the CPUs that it may use, as a mask
_DUMPED = r"\[{pid}\] [+-]\d+ms(?:\n +\S.*)*?\n +cpus=([0-9a-f,]+)"
# kernel/watchdog.c
_LOCKUP = re.compile(r"CPU#(\d+) stuck for (\d+)s")


@dataclass(frozen=True)
class Span:
    """A time, and the CPUs on which somebody waited in it: `pid`, where it is one task."""

    cpus: frozenset[int]
    started_ns: int
    ended_ns: int
    pid: int | None = None


def not_held(
    run: RunRecord, details: Iterable[Detail], workers: tuple[WorkerFacts, ...]
) -> list[Detail]:
    """Turns FAILs about time that tasks above all schedulers took into INCONCLUSIVE (held).

    Only where these had, for most of the time, all CPUs at once that the one who waited may use, or
    those were not there; else the FAIL stays, and says who held which of them.  `workers`: those
    that the details speak of.
    """
    found = list(details)
    if not run.holds:
        return found
    return [_told(run, detail, _span(run, detail, workers)) for detail in found]


def _span(run: RunRecord, detail: Detail, workers: tuple[WorkerFacts, ...]) -> Span | None:
    """Where and when what a FAIL is about was waited; None: it is not about that."""
    if detail.verdict is not Verdict.FAIL:
        return None
    match detail.kind:
        case Kind.STUCK | Kind.STARVED:
            named = [each for each in workers if each.pid == detail.pid]
            return _of_worker(run, named, detail.kind)
        case Kind.SCHEDULER_EJECTED:
            lives = [life for life in run.schedulers if life.exit_kind == detail.subject]
            return _of_stall(run, lives[-1]) if lives else None
        case Kind.KERNEL_LOG if detail.subject == ConsoleKind.SOFT_LOCKUP:
            return _of_lockup(run, detail.message)
    return None


def _of_worker(run: RunRecord, named: list[WorkerFacts], kind: Kind) -> Span | None:
    if not named:
        return None
    worker = max(named, key=lambda each: each.max_gap_ns)
    cpus = allowed(worker, asked_view(run.plan).cpus)
    window = gap_window(worker)
    if kind is Kind.STARVED and not worker.work_units:
        window = worker.started_ns, worker.ended_ns
    return Span(cpus, *window, worker.pid)


def _of_stall(run: RunRecord, life: SchedulerFacts) -> Span | None:
    """What the watchdog says: who failed to run for how long, before the scheduler's end."""
    machine = asked_view(run.plan).cpus
    ended = life.ended_ns if life.ended_ns is not None else run.end.at_ns if run.end else None
    if ended is None:
        return None
    stalled = _STALLED.search(life.exit_message)
    if stalled is None:
        checked = _WATCHDOG.search(life.exit_message)
        return Span(machine, ended - _ns(checked[1]), ended) if checked else None
    pid, length = int(stalled[1]), _ns(stalled[2])
    for worker in run.workers:
        if worker.pid == pid and worker.started_ns < ended:
            return Span(allowed(worker, machine), ended - length, ended, pid)
    cpus = _dumped_cpus(life.dump, pid) & machine
    return Span(cpus or machine, ended - length, ended, pid)


def _of_lockup(run: RunRecord, message: str) -> Span | None:
    """When it was is not known on the guest's clock: the holds of that CPU are looked at alone."""
    lockup = _LOCKUP.search(message)
    if lockup is None:
        return None
    own = [hold for hold in run.holds if hold.cpu == int(lockup[1])]
    longest = max(own, key=lambda hold: hold.ended_ns - hold.started_ns, default=None)
    if longest is None:
        return None
    cpus = frozenset({longest.cpu})
    return Span(cpus, longest.ended_ns - _ns(lockup[2]), longest.ended_ns)


def _dumped_cpus(dump: str, pid: int) -> frozenset[int]:
    match = re.search(_DUMPED.format(pid=pid), dump)
    if match is None:
        return frozenset()
    mask = int(match[1].replace(",", ""), 16)
    return frozenset(cpu for cpu in range(mask.bit_length()) if mask >> cpu & 1)


def _told(run: RunRecord, detail: Detail, span: Span | None) -> Detail:
    if span is None and detail.verdict is Verdict.FAIL and detail.subject in STALLS:
        return _beside(run, detail)
    if span is None or span.ended_ns <= span.started_ns:
        return detail
    length = span.ended_ns - span.started_ns
    presence = presence_of(run.events)
    there = span.cpus - presence.gone_throughout(span.started_ns, span.ended_ns)
    parts = {cpu: _held_ns(run, cpu, span) / length for cpu in there}
    held = {cpu: part for cpu, part in parts.items() if part >= _SOME}
    if not held:
        return detail
    who = _who(run, span, held)
    if _shut_ns(run, span, presence) >= _MOST * length:
        away = format_cpulist(presence.gone_sometime(span.started_ns, span.ended_ns) & there)
        also = f", CPU {away} was not there all the time" if away else ""
        nowhere = "and it may run nowhere else: no scheduler could give it a CPU"
        return excused(detail, Kind.HELD, f"{who}{also}, {nowhere}")
    free = format_cpulist({cpu for cpu, part in parts.items() if part < _MOST})
    why = "but for most of it not all of them at once"
    if free:
        why = f"but it may run on CPU {free} as well"
    message = f"{detail.message}; meanwhile {who}, {why}"
    return dataclasses.replace(detail, message=message)


def _beside(run: RunRecord, detail: Detail) -> Detail:
    """A stall of the kernel's log, with the longest hold, which may be its cause."""
    longest = max(run.holds, key=lambda hold: hold.ended_ns - hold.started_ns)
    length = longest.ended_ns - longest.started_ns
    if length < _LONG_NS:
        return detail
    message = (
        f"{detail.message}; CPU {longest.cpu} was held for {length / NS_PER_S:.2f} s by "
        f"{holder_name(run, longest)}"
    )
    return dataclasses.replace(detail, message=message)


def _shut_ns(run: RunRecord, span: Span, presence: Presence) -> float:
    """How long each of the CPUs was held, or not there, at the same time."""
    turns: list[tuple[float, int, int]] = []
    for hold in run.holds:
        if hold.cpu in span.cpus and _overlap(hold, span):
            turns += [
                (max(hold.started_ns, span.started_ns), hold.cpu, 1),
                (min(hold.ended_ns, span.ended_ns), hold.cpu, -1),
            ]
    since: float = span.started_ns
    for part in presence.spans(span.started_ns, span.ended_ns):
        until = since + part.part * (span.ended_ns - span.started_ns)
        turns += [(at, cpu, by) for cpu in part.gone for at, by in ((since, 1), (until, -1))]
        since = until
    shut, depth, last = 0.0, dict.fromkeys(span.cpus, 0), float(span.started_ns)
    closed = 0
    for at, cpu, by in sorted(turns):
        if closed == len(depth):
            shut += at - last
        last = at
        if cpu in depth:
            closed -= depth[cpu] > 0
            depth[cpu] += by
            closed += depth[cpu] > 0
    return shut


def _held_ns(run: RunRecord, cpu: int, span: Span) -> int:
    return sum(_overlap(hold, span) for hold in run.holds if hold.cpu == cpu)


def _overlap(hold: Hold, span: Span) -> int:
    if hold.pid == span.pid:
        return 0  # who waited had it itself
    return max(0, min(hold.ended_ns, span.ended_ns) - max(hold.started_ns, span.started_ns))


def _who(run: RunRecord, span: Span, held: dict[int, float]) -> str:
    """`CPU 0 was held for 1.9 s of 2.0 s by spin[12] (realtime)`, and so for each CPU."""
    length = (span.ended_ns - span.started_ns) / NS_PER_S
    parts = []
    for cpu in sorted(held, key=lambda cpu: -held[cpu])[:_SHOWN]:
        totals: dict[str, int] = {}
        for hold in run.holds:
            if hold.cpu == cpu and (taken := _overlap(hold, span)):
                name = holder_name(run, hold)
                totals[name] = totals.get(name, 0) + taken
        name = max(totals, key=lambda each: totals[each])
        total = sum(totals.values()) / NS_PER_S
        others = f" and {len(totals) - 1} more" if len(totals) > 1 else ""
        parts.append(f"CPU {cpu} was held for {total:.2f} of {length:.2f} s by {name}{others}")
    more = f", and {len(held) - _SHOWN} more CPUs so" if len(held) > _SHOWN else ""
    return f"{', '.join(parts)}{more}"


def holder_name(run: RunRecord, hold: Hold) -> str:
    """`spin[12] (realtime)`, with the worker's name if it is one, or that it is ktstr's own."""
    name = f"{hold.comm}[{hold.pid}] ({hold.sched_class})"
    for worker in run.workers:
        if worker.pid == hold.pid:
            return f"{name}, {worker_name(worker)}"
    if hold.comm == FUNCTION_COMM:
        return f"{name}, the test's own function"
    return f"{name}, ktstr's own" if hold.comm.startswith(OWN_COMMS) else name


def _ns(seconds: str) -> int:
    return int(float(seconds) * NS_PER_S)

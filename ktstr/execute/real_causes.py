# SPDX-License-Identifier: Apache-2.0
"""What of a run that failed in real time is to be recorded in a second one, and until when."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ktstr.console.findings import ConsoleKind
from ktstr.execute.alike import alike
from ktstr.execute.causes import AGENT, CRASHES, LASTS_NS, TASK, callers_of, longest_waiting
from ktstr.execute.outcome import Outcome
from ktstr.host.ending import EndingKind
from ktstr.introspect.recorder.page import Second
from ktstr.introspect.replay.cause import Cause, What
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.recording import Labour
from ktstr.record.run import RunRecord

_NS_PER_MS = 1_000_000
# Names of workers begin so (ktstr/guest/scenario/population.py).
_WORKER = "w"
_KIND_OF_THREAD = re.compile(r"[^\d]+")


@dataclass(frozen=True)
class RealCause:
    """What failed, without instants: no two runs share them.

    waits_ns, subject: the recording ends where a task whose name begins so has waited for so long.
    kernel_thread: whether that is one.
    """

    cause: Cause
    waits_ns: int = 0
    subject: str = ""
    kernel_thread: bool = False


def real_cause_of(outcome: Outcome) -> RealCause | str:
    """What is to be recorded; in words, why nothing is; empty text: no event has failed the run."""
    detail = outcome.judgement.first_cause
    if outcome.judgement.verdict is not Verdict.FAIL or detail is None:
        return ""
    of_kind = _OF_KIND.get(detail.kind)
    return "" if of_kind is None else of_kind(outcome.run, detail)


def second_of(first: Outcome, again: Outcome) -> Second:
    """What came of the second run, held against the first."""
    was, now = first.judgement.first_cause, again.judgement.first_cause
    assert was is not None
    if again.judgement.verdict is Verdict.PASS:
        expected = again.run.plan.expect_fail is not None
        return Second(False, "the one that the test expects" if expected else "")
    if again.judgement.verdict is not Verdict.FAIL or now is None:
        said = now or next(iter(again.judgement.details), None)
        why = said.message if said is not None else "nobody says why"
        return Second(False, problem=f"the second run came to no verdict: {why}")
    found = real_cause_of(again)
    cause = found.cause if isinstance(found, RealCause) else None
    held = alike((first.run, was), (again.run, now))
    labour = _labour_of(again.run)
    if labour and not held.so:
        # the scheduler did not do that, unless it had done so without a recorder
        return Second(False, problem=f"the second run came no further than the {labour}")
    return Second(held.so, now.message, cause, by=held.by)


def _labour_of(run: RunRecord) -> str:
    """What of the recorder the guest came no further than in its time; empty: nothing of it."""
    if run.ending.kind is not EndingKind.DEADLINE:
        return ""
    return next((each for each in Labour if run.ending.detail.startswith(each)), "")


def _cause(what: What, detail: Detail) -> Cause:
    return Cause(what, detail.kind, detail.message, 0, False, 0)


def _ejection(run: RunRecord, detail: Detail) -> RealCause:
    del run
    named = TASK.search(detail.message)
    comm, pid = (named[1], int(named[2])) if named else ("", 0)
    return RealCause(replace(_cause(What.EJECTED, detail), comm=comm, pid=pid))


def _panic(run: RunRecord, detail: Detail) -> RealCause:
    return RealCause(replace(_cause(What.PANICKED, detail), callers=callers_of(run)))


def _kernel_log(run: RunRecord, detail: Detail) -> RealCause | str:
    if detail.subject in CRASHES:
        return RealCause(replace(_cause(What.CRASHED, detail), callers=callers_of(run)))
    if detail.subject == ConsoleKind.WARNING:
        return RealCause(_cause(What.WARNED, detail))
    return f"no function is known at which the kernel says {detail.subject or 'this'}"


def _hang(run: RunRecord, detail: Detail) -> RealCause:
    task = longest_waiting(run)
    cause = replace(_cause(What.HUNG, detail), callers=callers_of(run))
    if task is None:
        return RealCause(cause, LASTS_NS, AGENT)
    # another run's kworker/0:1 may be kworker/0:2
    kind = _KIND_OF_THREAD.match(task.comm) if task.kernel_thread else None
    return RealCause(cause, LASTS_NS, kind[0] if kind else task.comm, task.kernel_thread)


def _of_worker(detail: Detail) -> Cause:
    return replace(_cause(What.PASSED, detail), pid=detail.pid or 0)


def _starved(run: RunRecord, detail: Detail) -> RealCause:
    del run
    return RealCause(_of_worker(detail), LASTS_NS, _WORKER)


def _stuck(run: RunRecord, detail: Detail) -> RealCause | str:
    limit_ms = run.plan.checks.max_gap_ms
    if limit_ms is None:
        return "nobody knows for how long a worker may go without a CPU"
    return RealCause(_of_worker(detail), round(limit_ms * _NS_PER_MS), _WORKER)


_OF_KIND: Mapping[Kind, Callable[[RunRecord, Detail], RealCause | str]] = {
    Kind.SCHEDULER_EJECTED: _ejection,
    Kind.PANIC: _panic,
    Kind.KERNEL_LOG: _kernel_log,
    Kind.HANG: _hang,
    Kind.STARVED: _starved,
    Kind.STUCK: _stuck,
}

# SPDX-License-Identifier: Apache-2.0
"""no_scx_error_events: sched_ext counts nothing that only a scheduler's mistake brings about."""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.judge.checks.monitored import NO_STEP, windows
from ktstr.judge.numbers.sustained import rises
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import NS_PER_MS
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind

# what the kernel says of each where it counts it (struct scx_event_stats, 6.15 to 7.3); the others
# happen to correct schedulers, too
ERROR_EVENTS = {
    "SCX_EV_DISPATCH_LOCAL_DSQ_OFFLINE": "tasks were dispatched to the local DSQ of an offline CPU",
    "SCX_EV_INSERT_NOT_OWNED": "tasks were inserted into a DSQ by a scheduler that has them not",
    "SCX_EV_REENQ_LOCAL_REPEAT": "tasks sent back from a local DSQ were put into one again",
    # in 7.3 the same of any DSQ, in place of that
    "SCX_EV_REENQ_REPEAT": "tasks sent back were sent back again before they ran",
}
# in every kernel that counts any
_ALWAYS = "SCX_EV_DISPATCH_LOCAL_DSQ_OFFLINE"


def error_events(scope: Scope) -> list[Detail]:
    """A FAIL for each such event that came; INCONCLUSIVE where the kernel counts none of them."""
    found = windows(scope, _ALWAYS)
    if not found:
        return [Detail(Kind.NO_DATA, NO_STEP, Verdict.INCONCLUSIVE)]
    unknown = [window for window in found if window.why]
    if unknown or scope.monitor is None:
        return [Detail(Kind.NO_DATA, unknown[0].why, Verdict.INCONCLUSIVE, _ALWAYS)]
    return [each for event in ERROR_EVENTS for each in _of(scope, event)]


def error_count(scope: Scope) -> float | None:
    """How many such events came, of all kinds together; None where the kernel counts none."""
    found = windows(scope, _ALWAYS)
    if not found or scope.monitor is None or any(window.why for window in found):
        return None
    return sum(
        max(rises(window.of(values)), default=0)
        for event in ERROR_EVENTS
        for window in windows(scope, event)
        if not window.why
        for values in scope.monitor.by(event).values()
    )


def _of(scope: Scope, event: str) -> Iterator[Detail]:
    if scope.monitor is None:
        return
    for window in windows(scope, event):
        if window.why:
            # younger than the others: a kernel that does not count it says nothing of it
            continue
        for values in scope.monitor.by(event).values():
            risen = list(rises(window.of(values)))
            first = next((i for i, count in enumerate(risen) if count), None)
            if first is not None:
                at_ns = window.of(scope.monitor.at_ns)[first]
                after = at_ns - window.since_ns
                message = (
                    f"{risen[-1]} {ERROR_EVENTS[event]} ({event}), from {after / NS_PER_MS:.0f} ms "
                    f"after the start on"
                )
                yield Detail(Kind.SCX_EVENTS, message, Verdict.FAIL, event, at_ns=at_ns)

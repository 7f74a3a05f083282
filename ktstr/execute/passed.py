# SPDX-License-Identifier: Apache-2.0
"""Limits that a run has passed at a known instant: when that is, and whose tasks it is about."""

from __future__ import annotations

import re
from dataclasses import replace

from ktstr.introspect.monitor.idle import FUNCTION
from ktstr.introspect.monitor.series import IdleWait
from ktstr.introspect.replay.cause import Cause, Moments, What
from ktstr.model.machine.cpulist import parse_cpulist
from ktstr.model.verdict.checks import SUSTAINED_MS, Detail
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

# the subject of a check of CPUs, as it says it: `CPU 3`, `CPUs 0-3`
_CPUS = re.compile(r"CPUs? ([0-9,-]+)")
_NS_PER_MS = 1_000_000
# clocks of an instant are turned into each other to some nanoseconds
_ROUNDING_NS = 1_000


def passed(
    run: RunRecord, detail: Detail, since_ns: int, at_ns: int, *, waits: bool = False
) -> Cause | str:
    """A limit that was passed, or in words why its instant is not known.

    Times are of CLOCK_MONOTONIC.
    """
    anchor = (run.moments or Moments()).anchor
    if anchor is None:
        return "nobody saw the guest's clocks"
    since, at = anchor.of_monotonic(since_ns), anchor.of_monotonic(at_ns)
    kind, message = detail.kind, detail.message
    pid = detail.pid or 0
    return Cause(What.PASSED, kind, message, at, False, since, pid=pid, waits=waits)


def passed_at(run: RunRecord, detail: Detail, at_ns: int) -> Cause | str:
    """One that the monitor saw to be passed."""
    wait = _idle_wait(run, detail, at_ns) if detail.kind is Kind.IDLE_BESIDE_WAIT else None
    lasted_ms = run.plan.checks.sustained_ms or SUSTAINED_MS
    lasted_ns = wait.waited_ns if wait else round(lasted_ms * _NS_PER_MS)
    cause = passed(run, detail, max(0, at_ns - lasted_ns), at_ns, waits=wait is not None)
    if isinstance(cause, str):
        return cause
    if wait is not None:
        # where the CPU picks its idle task, and not at a tick, when all may be over
        at = max(0, cause.at_ns - _ROUNDING_NS)
        return replace(cause, at_ns=at, function=FUNCTION, pid=wait.pid, comm=wait.comm)
    named = _CPUS.fullmatch(detail.subject)
    return replace(cause, cpus=parse_cpulist(named[1]) if named else frozenset())


def _idle_wait(run: RunRecord, detail: Detail, at_ns: int) -> IdleWait | None:
    idle = run.monitor.idle if run.monitor is not None else None
    waits = idle.waits if idle is not None else ()
    those = (each for each in waits if each.at_ns == at_ns)
    return next((each for each in those if f"CPU {each.cpu}" == detail.subject), None)

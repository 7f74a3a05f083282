# SPDX-License-Identifier: Apache-2.0
"""Schedulers that were thrown out in the middle of a life, and that started again by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.model.facts import SchedulerFacts
from ktstr.record.run import RunRecord

_SHOWN = 3


def restarts(facts: SchedulerFacts) -> int:
    """How often sched_ext was enabled anew between attachment and end; 0 where nobody knows.

    Every attachment makes enable_seq rise by one (kernel/sched/ext.c, scx_ops_enable()).
    """
    before, after = facts.enable_seq_attached, facts.enable_seq
    if not (before.isdecimal() and after.isdecimal()):
        return 0
    return max(0, int(after) - int(before))


def is_interrupted(facts: SchedulerFacts) -> bool:
    """Whether the life has an ejection in its middle, whatever its end was like."""
    return bool(facts.ejections) or restarts(facts) > 0


def why_thrown_out(facts: SchedulerFacts) -> str:
    """What the kernel's log says of the first ejection in the middle of a life."""
    return facts.ejections[0] if facts.ejections else "the kernel's log does not say why"


def comeback(facts: SchedulerFacts) -> str:
    """`; it came back by itself 2 times (...)`, and what else threw it out; empty if it did not."""
    words, again = "", restarts(facts)
    if again:
        times = "once" if again == 1 else f"{again} times"
        words = (
            f"; it came back by itself {times} (enable_seq was {facts.enable_seq_attached} after "
            f"attachment, {facts.enable_seq} at the end)"
        )
    if len(facts.ejections) > 1:
        shown = "; ".join(facts.ejections[:_SHOWN])
        more = len(facts.ejections) - _SHOWN
        words += f"; the {len(facts.ejections)} ejections: {shown}"
        words += f"; and {more} more" if more > 0 else ""
    return words


def comeback_remarks(run: RunRecord) -> Iterator[str]:
    """Interrupted lives of a test that does not ask for a scheduler that lasts."""
    if run.plan.checks.scheduler_alive is not False:
        return
    for facts in run.schedulers:
        if is_interrupted(facts):
            words = why_thrown_out(facts) + comeback(facts)
            yield f"scheduler {facts.name} was thrown out while the test ran: {words}"

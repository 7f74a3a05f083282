# SPDX-License-Identifier: Apache-2.0
"""Faults of released kernels that nobody under test is to blame for, and how they are known."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ktstr.console.findings import ConsoleFinding, ConsoleKind
from ktstr.model.wire.events import EventName
from ktstr.record.run import RunRecord


@dataclass(frozen=True)
class KnownFault:
    """A report of the kernel's on itself.

    releases: matches the kernel's release.  text: matches the telling line.  after: what must have
    happened in the run, any of these; empty where the line tells enough.  words: whose fault it is,
    for a remark.
    """

    releases: re.Pattern[str]
    kind: ConsoleKind
    text: re.Pattern[str]
    after: frozenset[EventName]
    words: str


KNOWN = (
    KnownFault(
        re.compile(r"6\.12\."),
        ConsoleKind.WARNING,
        re.compile(
            r"WARNING: .*\bat kernel/sched/deadline\.c:\d+ "
            r"(?:inactive_task_timer|task_non_contending)\+"
        ),
        frozenset({EventName.CPU_OFFLINE, EventName.CPU_ONLINE}),
        "Linux 6.12 miscounts the bandwidth of its own deadline server when a CPU comes or goes",
    ),
    # put_prev_task_scx() has one WARN: without core scheduling, balance_one() keeps the task that
    # it warns of, whatever the scheduler does; 7.2 asks !sched_core_enabled() first
    KnownFault(
        re.compile(r"6\.12\."),
        ConsoleKind.WARNING,
        re.compile(r"WARNING: .*\bat kernel/sched/ext\.c:\d+ put_prev_task_scx\+"),
        frozenset(),
        "Linux 6.12 takes what core scheduling does (PR_SCHED_CORE) for a scheduler's mistake",
    ),
)


def known_fault(run: RunRecord, finding: ConsoleFinding) -> KnownFault | None:
    """The known fault that `finding` is in this run; None: it counts as any other."""
    release = run.hello.kernel_release if run.hello is not None else ""
    happened = {event.name for event in run.events}
    return next(
        (
            each
            for each in KNOWN
            if each.kind is finding.kind
            and each.releases.match(release)
            and each.text.match(finding.text)
            and (not each.after or each.after & happened)
        ),
        None,
    )


def unexplained(run: RunRecord) -> tuple[ConsoleFinding, ...] | None:
    """The console's findings but the known faults; None without a console."""
    if run.console is None:
        return None
    return tuple(finding for finding in run.console if known_fault(run, finding) is None)


def known_fault_remarks(run: RunRecord) -> list[str]:
    """One remark for each known fault that the console shows."""
    found: dict[str, list[ConsoleFinding]] = {}
    for finding in run.console or ():
        known = known_fault(run, finding)
        if known is not None:
            found.setdefault(known.words, []).append(finding)
    return [
        f"{words}: {same[0].text} (console line {same[0].line_number}"
        + (f", and {len(same) - 1} more)" if len(same) > 1 else ")")
        for words, same in found.items()
    ]

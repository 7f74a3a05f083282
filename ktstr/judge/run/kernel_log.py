# SPDX-License-Identifier: Apache-2.0
"""clean_kernel_log: the console shows nothing that a healthy run does not show."""

from __future__ import annotations

from collections.abc import Sequence

from ktstr.console.findings import NO_FAULT, ConsoleFinding, ConsoleKind
from ktstr.host.ending import EndingKind
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

# what a machine shows whose tasks do not get to run: a scheduler's doing, not a crash of its own
STALLS = frozenset(
    {
        ConsoleKind.SOFT_LOCKUP,
        ConsoleKind.RCU_STALL,
        ConsoleKind.WORKQUEUE_STALL,
        ConsoleKind.HUNG_TASK,
        ConsoleKind.SOFTIRQ,
    }
)
# what stands before a panic on the console without being its cause
_NO_CAUSE = NO_FAULT | {ConsoleKind.SCHED_EXT, ConsoleKind.WARNING}
# what others judge: panics and ejections have checks of their own, and `boot_parameters`
_ELSEWHERE = NO_FAULT | {ConsoleKind.PANIC, ConsoleKind.SCHED_EXT}


def panic(run: RunRecord) -> list[Detail]:
    """A FAIL when the kernel panicked, with the console's first word on the cause."""
    console = run.console or ()
    said = [finding for finding in console if finding.kind is ConsoleKind.PANIC]
    if run.ending.kind is not EndingKind.PANICKED and not said:
        return []
    cause = cause_of_panic(console)
    words = where(cause) if cause else run.ending.detail or "the console does not say why"
    return [Detail(Kind.PANIC, f"the kernel panicked: {words}", subject=ConsoleKind.PANIC.value)]


def cause_of_panic(console: Sequence[ConsoleFinding]) -> ConsoleFinding | None:
    """What a kernel that panicked said first of why; None: nothing."""
    return next((each for each in console if each.kind not in _NO_CAUSE), None)


def kernel_log(findings: tuple[ConsoleFinding, ...] | None) -> list[Detail]:
    """One FAIL for each kind of finding: its first passage, and how many there are.

    Panics and ejections of a scheduler have checks of their own, and what the kernel merely notes
    fails nothing.  INCONCLUSIVE without a console.
    """
    if findings is None:
        message = "the kernel's console was not read, so that nobody knows whether it is clean"
        return [Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE)]
    details = []
    for kind in ConsoleKind:
        same = [finding for finding in findings if finding.kind is kind]
        if not same or kind in _ELSEWHERE:
            continue
        details.append(Detail(Kind.KERNEL_LOG, _told(same), subject=kind.value))
    return details


def is_clean(findings: tuple[ConsoleFinding, ...] | None) -> bool:
    """Whether the console was read and shows no fault."""
    return findings is not None and all(finding.kind in NO_FAULT for finding in findings)


def where(finding: ConsoleFinding) -> str:
    """The telling line of a finding, with its number in console.log."""
    return f"{finding.text} (console line {finding.line_number})"


def kernel_log_remarks(run: RunRecord) -> list[str]:
    """What the kernel says of its own work: no fault of anybody under test."""
    found = [each for each in run.console or () if each.kind is ConsoleKind.WORKQUEUE_HOG]
    return [_told(found)] if found else []


def _told(same: list[ConsoleFinding]) -> str:
    more = f" (and {len(same) - 1} more)" if len(same) > 1 else ""
    return f"{same[0].kind.value}: {where(same[0])}{more}"

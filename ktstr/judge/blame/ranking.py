# SPDX-License-Identifier: Apache-2.0
"""Which of several findings is the cause of the others: the one to show first."""

from __future__ import annotations

from collections.abc import Iterable

from ktstr.console.findings import ConsoleKind
from ktstr.judge.run.kernel_log import STALLS
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind

_VERDICTS = tuple(Verdict)

# findings of the kernel's log that are no crash, and so come after a hang
_MILD = frozenset({kind.value for kind in STALLS} | {ConsoleKind.OOM.value, "warning"})
_MILD_RANK = Kind.HANG.rank + 0.5


def rank(detail: Detail) -> float:
    """Where a finding stands in the chain of causes; the lowest caused the others."""
    if detail.kind is Kind.KERNEL_LOG and detail.subject in _MILD:
        return _MILD_RANK
    return float(detail.kind.rank)


def ranked(details: Iterable[Detail]) -> tuple[Detail, ...]:
    """The first cause first; FAIL before INCONCLUSIVE, otherwise in the order given."""
    return tuple(
        sorted(details, key=lambda detail: (_VERDICTS.index(detail.verdict), rank(detail)))
    )


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """FAIL beats INCONCLUSIVE beats PASS beats SKIP; None for no verdict at all."""
    return min(verdicts, key=_VERDICTS.index, default=None)

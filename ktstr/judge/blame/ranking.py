# SPDX-License-Identifier: Apache-2.0
"""Which of several findings is the cause of the others: the one to show first."""

from __future__ import annotations

from collections.abc import Iterable

from ktstr.console.findings import ConsoleKind
from ktstr.judge.run.kernel_log import STALLS
from ktstr.model.verdict.checks import Detail, Kind, Verdict

_VERDICTS = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.SKIP)

# causes before their consequences: a panic ends in a hang, an ejected scheduler in starved tasks
_KINDS = (
    Kind.USAGE,
    Kind.PANIC,
    Kind.KERNEL_LOG,  # a crash; stalls and warnings have a place of their own, see below
    Kind.INFRA,
    Kind.TOPOLOGY,
    Kind.BOOT_PARAMETER,
    Kind.SCHEDULER_NOT_LOADED,
    Kind.SCHEDULER_NOT_ATTACHED,
    Kind.SCHEDULER_EJECTED,
    Kind.SCHEDULER_DIED,
    Kind.HANG,
    Kind.OTHER_CLASS,
    Kind.HELD,
    Kind.STARVED,
    Kind.STUCK,
    Kind.WORK_CONSERVATION,
    Kind.ISOLATION,
    Kind.UNFAIR,
    Kind.SHARE_ERROR,
    Kind.WAKE_LATENCY,
    Kind.WAKE_LATENCY_CV,
    Kind.RUN_DELAY,
    Kind.MIGRATION,
    Kind.MIGRATION_RATIO,
    Kind.THROUGHPUT_CV,
    Kind.WORK_RATE,
    Kind.ITERATION_RATE,
    Kind.PAGE_LOCALITY,
    Kind.CROSS_NODE_MIGRATION,
    Kind.SLOW_TIER,
    Kind.CLEANUP,
    Kind.CLAIM,
    Kind.RELATIVE,
    Kind.WAIT,
    Kind.PAYLOAD,
    Kind.TEST_ERROR,
    Kind.WORKER_ERROR,
    Kind.CONTENDED,
    Kind.NO_DATA,
)
_MILD = frozenset({kind.value for kind in STALLS} | {ConsoleKind.OOM.value, "warning"})
_MILD_RANK = _KINDS.index(Kind.HANG) + 0.5


def rank(detail: Detail) -> float:
    """Where a finding stands in the chain of causes; the lowest caused the others."""
    if detail.kind is Kind.KERNEL_LOG and detail.subject in _MILD:
        return _MILD_RANK
    return float(_KINDS.index(detail.kind))


def ranked(details: Iterable[Detail]) -> tuple[Detail, ...]:
    """The first cause first; FAIL before INCONCLUSIVE, otherwise in the order given."""
    return tuple(
        sorted(details, key=lambda detail: (_VERDICTS.index(detail.verdict), rank(detail)))
    )


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """FAIL beats INCONCLUSIVE beats PASS beats SKIP; None for no verdict at all."""
    return min(verdicts, key=_VERDICTS.index, default=None)

# SPDX-License-Identifier: Apache-2.0
"""Time that the host took from the guest's vCPUs, which no scheduler is to blame for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ktstr.host.sample import HostSample
from ktstr.judge.blame.excused import excused
from ktstr.judge.run.kernel_log import STALLS
from ktstr.model.exit_kind import ExitKind
from ktstr.model.payload_checks import About
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

# a finding about time is believed while the host took less than this part of any vCPU's window
MAX_TAKEN_SHARE = 0.05
# and never more at a stretch than this part of the gap that a check allows
MAX_TAKEN_OF_GAP = 0.25

# of kinds whose subject says whether a clock found them: the subjects of which one did, those of
# lockup detectors, sched_ext's watchdog, and what slowness does to payloads
CLOCKED_SUBJECTS: Mapping[Kind, frozenset[str]] = {
    Kind.KERNEL_LOG: frozenset(kind.value for kind in STALLS),
    Kind.SCHEDULER_EJECTED: frozenset({ExitKind.ERROR_STALL.value}),
    Kind.PAYLOAD: frozenset({About.DEADLINE.value, About.LIMIT.value}),
}


@dataclass(frozen=True)
class Taken:
    """What the host took from the worst vCPU: part of the window, and ms between two samples."""

    share: float
    burst_ms: float


def taken(samples: tuple[HostSample, ...], window: tuple[float, float] | None) -> Taken | None:
    """The worst vCPU's loss within `window` (all samples when None); None without data."""
    worst: Taken | None = None
    for series in _by_vcpu(samples).values():
        inside = _within(series, window)
        if len(inside) < 2 or inside[-1].at_s <= inside[0].at_s:
            continue
        span_ns = (inside[-1].at_s - inside[0].at_s) * 1e9
        share = (inside[-1].wait_ns - inside[0].wait_ns) / span_ns
        burst = max(b.wait_ns - a.wait_ns for a, b in itertools.pairwise(inside)) / 1e6
        worst = Taken(share, burst) if worst is None else _worse(worst, Taken(share, burst))
    return worst


def excuse(
    run: RunRecord, details: Iterable[Detail], max_gap_ms: float | None = None
) -> list[Detail]:
    """Turns FAILs about time into INCONCLUSIVE (contended) where the host may have caused them.

    `max_gap_ms` is the limit that findings about gaps were judged by.  In virtual time the host's
    pace is not seen by the guest, and nothing is excused.
    """
    found = list(details)
    if not run.accel.has_thread_per_vcpu:
        return found
    loss = taken(run.host_samples, run.scenario_host_s)
    return [_excused(detail, loss, max_gap_ms) for detail in found]


def _excused(detail: Detail, loss: Taken | None, gap_ms: float | None) -> Detail:
    if detail.verdict is not Verdict.FAIL or not _about_time(detail):
        return detail
    if loss is None:
        why = "the host's own samples are missing, so that its part in this is unknown"
    elif loss.share > MAX_TAKEN_SHARE:
        why = f"the host kept a vCPU waiting for {100 * loss.share:.0f}% of the scenario"
    elif detail.kind is Kind.STUCK and gap_ms and loss.burst_ms > MAX_TAKEN_OF_GAP * gap_ms:
        why = f"the host kept a vCPU waiting for {loss.burst_ms:.0f} ms at a stretch"
    else:
        return detail
    advice = 'run it on a quieter host, or in virtual time (accel = "virtual")'
    return excused(detail, Kind.CONTENDED, f"{why}: {advice}")


def _about_time(detail: Detail) -> bool:
    """Whether a clock found it: a check's, a payload's, a lockup detector's, the watchdog's."""
    if detail.kind.is_timed_by_subject:
        return detail.subject in CLOCKED_SUBJECTS[detail.kind]
    return detail.kind.is_timed


def _by_vcpu(samples: tuple[HostSample, ...]) -> dict[int, list[HostSample]]:
    series: dict[int, list[HostSample]] = {}
    for sample in sorted(samples, key=lambda s: (s.vcpu, s.at_s)):
        series.setdefault(sample.vcpu, []).append(sample)
    return series


def _within(series: list[HostSample], window: tuple[float, float] | None) -> list[HostSample]:
    if window is None:
        return series
    start, end = window
    first = max((i for i, s in enumerate(series) if s.at_s <= start), default=0)
    last = min((i for i, s in enumerate(series) if s.at_s >= end), default=len(series) - 1)
    return series[first : last + 1]


def _worse(a: Taken, b: Taken) -> Taken:
    return Taken(max(a.share, b.share), max(a.burst_ms, b.burst_ms))

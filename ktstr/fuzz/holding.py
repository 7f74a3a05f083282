# SPDX-License-Identifier: Apache-2.0
"""Which checks hold for a trial, whatever the scheduler: what nobody promised is not asked."""

from __future__ import annotations

from ktstr.fuzz.trial import Trial, all_ops, cgroups_of, played_s, works_of
from ktstr.model.scenario.limits import Limits
from ktstr.model.scenario.scenario import (
    DetachScheduler,
    Freeze,
    OfflineCpu,
    RestartScheduler,
    SetLimits,
)
from ktstr.model.verdict.checks import Checks
from ktstr.model.work.policy import Policy
from ktstr.model.work.teams import PreemptStorm, PriorityInversion, RtStarvation
from ktstr.model.work.types import AffinityChurn, CpuSpin, NiceSweep, PolicyChurn

# A worker that wants the CPU gets it within a turn of everybody else, of 50 ms each, and a second:
# by far more than EEVDF's slice (3 ms) or a FIFO's of 20 ms come to.
_TURN_MS, _GRACE_MS = 50, 1000
# To start takes tens of milliseconds, and more where others start beside it: who lived for less
# than this, and did no work, was not kept from it by anybody.
_STARTS_MS, _STARTS_EACH_MS = 300, 30
_SHARING = (Policy.NORMAL, Policy.BATCH, Policy.EXT)
# Who changes its own weight, policy or CPUs as it goes, or has others above it.
_UNSTEADY = (AffinityChurn, NiceSweep, PolicyChurn, PreemptStorm, PriorityInversion, RtStarvation)


def checks_of(trial: Trial) -> Checks:
    """Beside the default ones, which are on: a bound of waits where all share evenly.

    Where something in it may starve somebody by right (a weight, a quota, a spinner above all),
    `not_starved` is off.
    """
    if not nobody_starves_by_right(trial):
        return Checks(not_starved=False)
    if not shares_evenly(trial):
        return Checks()
    workers = sum(work.workers or 0 for work in works_of(trial))
    bound_ms = _GRACE_MS + _TURN_MS * workers
    # a bound that a run cannot come to is none
    return Checks(max_gap_ms=float(bound_ms)) if bound_ms < 1000 * played_s(trial) else Checks()


def lived_long_enough(wall_ns: int, workers: int) -> bool:
    """Whether a worker, one of so many, has lived so long that it must have done some work."""
    return wall_ns >= 1_000_000 * (_STARTS_MS + _STARTS_EACH_MS * workers)


def shares_evenly(trial: Trial) -> bool:
    """Whether all workers have one weight, nobody stands above them, and all stay as they are."""
    plain = all(
        work.policy in _SHARING and work.nice == 0 and not isinstance(work.type, _UNSTEADY)
        for work in works_of(trial)
    )
    limited = any(limits != Limits() for limits in _limits(trial))
    changing = (Freeze, OfflineCpu, RestartScheduler, DetachScheduler)
    return plain and not limited and not any(isinstance(op, changing) for op in all_ops(trial))


def nobody_starves_by_right(trial: Trial) -> bool:
    """Whether nobody may be starved by right."""
    for work in works_of(trial):
        spins = isinstance(work.type, CpuSpin) and work.policy in (Policy.FIFO, Policy.RR)
        if spins or work.policy in (Policy.IDLE, Policy.DEADLINE) or abs(work.nice) > 1:
            return False
        if isinstance(work.type, _UNSTEADY):
            return False
    if any(isinstance(op, Freeze) for op in all_ops(trial)):
        return False
    weights = [limits.weight for limits in _limits(trial) if limits.weight is not None]
    quotas = [limits.quota for limits in _limits(trial)]
    return all(50 <= weight <= 200 for weight in weights) and not any(quotas)


def _limits(trial: Trial) -> list[Limits]:
    found = [each.limits for each in cgroups_of(trial)]
    return found + [op.limits for op in all_ops(trial) if isinstance(op, SetLimits)]

# SPDX-License-Identifier: Apache-2.0
"""Checks whose mechanism the kernel has for EEVDF's tasks alone: one table.

What such a check measures of a task under sched_ext says nothing of the scheduler: a value within
the limit may be within it because nothing was there to move it, and one past it is not its doing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.workers.scope import Scope


@dataclass(frozen=True)
class Mechanism:
    """Why a check means nothing under sched_ext.

    hollow: not even a value within the limit means anything.
    """

    why: str
    hollow: bool


# kernel/sched/fair.c (6.12 to 7.2): task_tick_numa() is called by task_tick_fair() alone, so the
# memory of other classes' tasks is never scanned, and neither moved nor promoted for them
_SCANS = "NUMA balancing looks at the memory of EEVDF's tasks only (task_tick_fair())"
MECHANISMS: Mapping[str, Mechanism] = {
    "max_cross_node_migration_ratio": Mechanism(f"{_SCANS}, and so moves none", hollow=True),
    "max_slow_tier_ratio": Mechanism(f"{_SCANS}, and so promotes none from there", hollow=False),
}


def without_mechanism(
    check: Limit, measurements: list[Measurement], scope: Scope, limit: float
) -> list[Measurement]:
    """The measurements of a check, those without meaning replaced by the reason."""
    mechanism = MECHANISMS.get(check.name)
    if mechanism is None:
        return measurements
    return [
        _unmeant(each, mechanism)
        if each.subject in scope.not_eevdfs
        and each.value is not None
        and (mechanism.hollow or check.misses(each.value, limit))
        else each
        for each in measurements
    ]


def _unmeant(measurement: Measurement, mechanism: Mechanism) -> Measurement:
    words = f"{measurement.words}; under sched_ext this means nothing: {mechanism.why}"
    return dataclasses.replace(measurement, value=None, words=words)

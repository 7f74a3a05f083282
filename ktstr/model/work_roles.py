# SPDX-License-Identifier: Apache-2.0
"""The policy of each worker of a group: the work's own, unless its type deals out roles."""

from __future__ import annotations

from typing import NamedTuple

from ktstr.model.work import Policy, Work
from ktstr.model.work_teams import PreemptStorm, PriorityInversion, RtStarvation

# of PriorityInversion: who wants the lock has the work's nice, the spinner and the holder these
_INVERSION_NICES = (-20, 5, 19)


class Role(NamedTuple):
    """A worker's policy, real-time priority and nice value."""

    policy: Policy
    rt_priority: int
    nice: int


def role_of(work: Work, index: int) -> Role:
    """The role of worker `index` of the group `work`."""
    kind = work.type
    own = Role(work.policy, work.rt_priority, work.nice)
    if isinstance(kind, PriorityInversion):
        return own._replace(nice=max(work.nice, _INVERSION_NICES[index % 3]))
    if isinstance(kind, PreemptStorm) and index % (kind.spinners + 1) == 0:
        return Role(Policy.FIFO, 1, 0)
    if isinstance(kind, RtStarvation) and index % (kind.hogs + kind.victims) < kind.hogs:
        return Role(Policy.FIFO, kind.priority, 0)
    return own

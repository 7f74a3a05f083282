# SPDX-License-Identifier: Apache-2.0
"""EEVDF's average of vruntimes, out of the sums that a queue keeps (kernel/sched/fair.c)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

_U64 = 1 << 64
# SCHED_FIXEDPOINT_SHIFT of include/linux/sched.h: what scale_load_down() takes off a weight
_SCALE_SHIFT = 10
_LEAST_WEIGHT = 2


@dataclass(frozen=True)
class Average:
    """How a kernel averages.

    weight: the member of an entity by which it counts.  shifts: weights in sums are as they are,
    less the queue's `sum_shift` (7.1 on); before they were scaled down.  one_tree: the tree of the
    root's queue has the tasks of all groups, and no other queue has one (7.3 on).
    """

    weight: str
    shifts: bool
    one_tree: bool

    def of(self, zero: int, total: int, weights: int, shift: int, running: Running | None) -> int:
        """avg_vruntime(): zero + sum(weight * (vruntime - zero)) / sum(weight).

        zero, total, weights, shift: the queue's sums, which are of its tree.  running: the entity
        that runs, if it is on the queue: it is in no tree.
        """
        if running:
            own = self._counts(running.weight, shift)
            total, weights = total + signed(running.vruntime - zero) * own, weights + own
        return (zero + (total // weights if weights else 0)) % _U64

    def _counts(self, weight: int, shift: int) -> int:
        if self.shifts:
            return max(_LEAST_WEIGHT, weight >> shift) if shift else weight
        return max(_LEAST_WEIGHT, weight >> _SCALE_SHIFT) if weight else 0


@dataclass(frozen=True)
class Running:
    """What of an entity goes into the average."""

    vruntime: int
    weight: int


class _Layout(Protocol):
    def has_field(self, struct: str, path: str) -> bool: ...


def average(kernel: _Layout) -> Average:
    """How this kernel averages."""
    one_tree = kernel.has_field("sched_entity", "h_load.weight")
    weight = "h_load.weight" if one_tree else "load.weight"
    return Average(weight, kernel.has_field("cfs_rq", "sum_shift"), one_tree)


def signed(value: int) -> int:
    """A u64, as of a difference that wraps, as s64."""
    value %= _U64
    return value - _U64 if value >> 63 else value

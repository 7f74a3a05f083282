# SPDX-License-Identifier: Apache-2.0
"""Quantities that are made of several members: the class of a task, EEVDF's average and lag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.monitor.parts import Key
from ktstr.introspect.monitor.quantities import (
    AVG_VRUNTIME,
    CLASS,
    CLASSES,
    LAG,
    UNKNOWN_CLASS,
)

_BITS = 1 << 64
# SCHED_FIXEDPOINT_SHIFT of include/linux/sched.h: what scale_load_down() takes off a weight
_SCALE_SHIFT = 10
_LEAST_WEIGHT = 2


@dataclass(frozen=True)
class Derived:
    """Makes columns of one CPU out of hidden ones.

    classes: by the addresses of the kernel's classes.  shifts: weights in sums are as they are,
    less `sum_shift` (7.1 on); before they were scaled down.
    """

    classes: Mapping[int, int]
    shifts: bool

    def columns(self, raw: Mapping[Key, tuple[int, ...]], cpu: int) -> dict[Key, tuple[int, ...]]:
        """The derived columns of a CPU, of those that were read."""
        pointers = raw["_class", cpu]
        found: dict[Key, tuple[int, ...]] = {
            (CLASS, cpu): tuple(self.classes.get(each, UNKNOWN_CLASS) for each in pointers)
        }
        needed = ("zero_vruntime", "_sum_w_vruntime", "_sum_weight", "_vruntime", "_weight")
        if not all((name, cpu) in raw for name in (*needed, "_on_rq")):
            return found
        shifts = raw.get(("_sum_shift", cpu), (0,) * len(pointers))
        rows = list(zip(*(raw[name, cpu] for name in (*needed, "_on_rq")), shifts, strict=True))
        averages = tuple(self._average(*row) for row in rows)
        found[AVG_VRUNTIME, cpu] = averages
        # what is not on the runqueue has no lag there
        found[LAG, cpu] = tuple(
            _signed(average - row[3]) if row[5] else 0
            for average, row in zip(averages, rows, strict=True)
        )
        return found

    def _average(
        self, zero: int, total: int, sum_: int, vruntime: int, weight: int, on_rq: int, shift: int
    ) -> int:
        """avg_vruntime() of kernel/sched/fair.c: zero + sum(weight * (vruntime - zero)) / sum."""
        if on_rq:
            own = self._weight(weight, shift)
            total, sum_ = total + _signed(vruntime - zero) * own, sum_ + own
        return (zero + (total // sum_ if sum_ else 0)) % _BITS

    def _weight(self, weight: int, shift: int) -> int:
        if self.shifts:
            return max(_LEAST_WEIGHT, weight >> shift) if shift else weight
        return max(_LEAST_WEIGHT, weight >> _SCALE_SHIFT) if weight else 0


def derived(kernel: Kernel) -> Derived:
    """How the derived quantities are had in `kernel`."""
    classes = {
        kernel.symbol(symbol): number
        for number, (_, symbol) in enumerate(CLASSES)
        if kernel.has_symbol(symbol)
    }
    return Derived(classes, kernel.has_field("rq", "cfs.sum_shift"))


def _signed(value: int) -> int:
    value %= _BITS
    return value - _BITS if value >> 63 else value

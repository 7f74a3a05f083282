# SPDX-License-Identifier: Apache-2.0
"""Quantities that are made of members: a task's class and server, EEVDF's average and lag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ktstr.introspect.kernel.average import Average, Running, average, signed
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.monitor.parts import Key
from ktstr.introspect.monitor.quantities import (
    AVG_VRUNTIME,
    CLASS,
    CLASSES,
    LAG,
    SERVER,
    SERVERS,
    UNKNOWN_CLASS,
    UNKNOWN_SERVER,
)


@dataclass(frozen=True)
class Derived:
    """Makes columns of one CPU out of hidden ones.

    classes: by the addresses of the kernel's classes.  servers: by those of the functions that pick
    a task for a deadline server.
    """

    classes: Mapping[int, int]
    servers: Mapping[int, int]
    average: Average

    def columns(self, raw: Mapping[Key, tuple[int, ...]], cpu: int) -> dict[Key, tuple[int, ...]]:
        """The derived columns of a CPU, of those that were read."""
        pointers = raw["_class", cpu]
        found: dict[Key, tuple[int, ...]] = {
            (CLASS, cpu): tuple(self.classes.get(each, UNKNOWN_CLASS) for each in pointers)
        }
        if ("_server", cpu) in raw:
            found[SERVER, cpu] = tuple(
                self.servers.get(each, UNKNOWN_SERVER) if each else 0
                for each in raw["_server", cpu]
            )
        needed = ("zero_vruntime", "_sum_w_vruntime", "_sum_weight", "_vruntime", "_weight")
        if not all((name, cpu) in raw for name in (*needed, "_on_rq")):
            return found
        shifts = raw.get(("_sum_shift", cpu), (0,) * len(pointers))
        rows = list(zip(*(raw[name, cpu] for name in (*needed, "_on_rq")), shifts, strict=True))
        averages = tuple(self._average(*row) for row in rows)
        found[AVG_VRUNTIME, cpu] = averages
        # what is not on the runqueue has no lag there
        found[LAG, cpu] = tuple(
            signed(average - row[3]) if row[5] else 0
            for average, row in zip(averages, rows, strict=True)
        )
        return found

    def _average(
        self, zero: int, total: int, sum_: int, vruntime: int, weight: int, on_rq: int, shift: int
    ) -> int:
        return self.average.of(
            zero, total, sum_, shift, Running(vruntime, weight) if on_rq else None
        )


def derived(kernel: Kernel) -> Derived:
    """How the derived quantities are had in `kernel`."""
    classes = _by_address(kernel, CLASSES, 0)
    return Derived(classes, _by_address(kernel, SERVERS, 1), average(kernel))


def _by_address(kernel: Kernel, names: Sequence[tuple[str, str]], first: int) -> dict[int, int]:
    return {
        kernel.symbol(symbol): number
        for number, (_, symbol) in enumerate(names, first)
        if kernel.has_symbol(symbol)
    }

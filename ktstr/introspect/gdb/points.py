# SPDX-License-Identifier: Apache-2.0
"""Breakpoints and watchpoints that gdb has set."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from ktstr.introspect.plugin.orders import MOST_BREAKS, Orders

MOST_WATCHED = 4096


class Kind(enum.IntEnum):
    """Types of points in gdb's packets Z and z, as far as there are any here."""

    BREAK = 0
    HARDWARE_BREAK = 1
    WRITE = 2


@dataclass(frozen=True)
class Point:
    """size: bytes that are watched; of a break without meaning."""

    kind: Kind
    address: int
    size: int


@dataclass
class Points:
    """Those that are set. Nothing of them is in the guest's memory."""

    set: dict[Point, None] = field(default_factory=dict)

    def add(self, point: Point) -> bool:
        """Whether there was room; to set one twice is to set it once."""
        if point not in self.set:
            same = [
                one for one in self.set if (one.kind is Kind.WRITE) == (point.kind is Kind.WRITE)
            ]
            if len(same) >= MOST_BREAKS or not 0 < point.size <= MOST_WATCHED:
                return False
        self.set[point] = None
        return True

    def remove(self, point: Point) -> None:
        """It is no more, if it was."""
        self.set.pop(point, None)

    def kind_at(self, address: int) -> Kind:
        """Of the break at that address."""
        kinds = [each.kind for each in self.set if each.address == address]
        return next((each for each in kinds if each is not Kind.WRITE), Kind.BREAK)

    def order(self, orders: Orders) -> None:
        """Has the guest that stands know them all, and no others.

        Raises:
          InfraError: QEMU is gone.
        """
        orders.clear()
        for each in self.set:
            if each.kind is Kind.WRITE:
                orders.stop_behind_write(each.address, each.size)
            else:
                orders.stop_at(each.address)

# SPDX-License-Identifier: Apache-2.0
"""What a compiler of invariants asks of a kernel, and the older names of what it asks for."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Field(Protocol):
    """Where a member of a struct lies; bit_size is 0 for what is no bit field."""

    @property
    def offset(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def signed(self) -> bool: ...
    @property
    def bit_offset(self) -> int: ...
    @property
    def bit_size(self) -> int: ...


class Layout(Protocol):
    """The part of `kernel.Kernel` that is needed; a UsageError tells of what is not there."""

    def symbol(self, name: str) -> int: ...
    def has_symbol(self, name: str) -> bool: ...
    def field(self, struct: str, path: str) -> Field: ...
    def has_field(self, struct: str, path: str) -> bool: ...
    def size_of(self, struct: str) -> int: ...
    def enumerator(self, enum: str, name: str) -> int: ...


# a member as the library has it -> what other kernels call the same
FORMER: Mapping[str, tuple[str, ...]] = {
    "sum_w_vruntime": ("avg_vruntime",),
    "sum_weight": ("avg_load",),
    "nr_queued": ("nr_running",),
    "h_nr_idle": ("idle_h_nr_running",),
}


class Remembered:
    """A layout that asks another one once for each thing that it has."""

    def __init__(self, layout: Layout) -> None:
        self.symbol = functools.cache(layout.symbol)
        self.has_symbol = functools.cache(layout.has_symbol)
        self.field = functools.cache(layout.field)
        self.has_field = functools.cache(layout.has_field)
        self.size_of = functools.cache(layout.size_of)
        self.enumerator = functools.cache(layout.enumerator)


@dataclass
class Windows:
    """Which bytes of each struct are looked at, so that one read gets them all."""

    spans: dict[str, tuple[int, int]] = field(default_factory=dict)

    def saw(self, struct: str, found: Field) -> None:
        low, high = self.spans.get(struct, (found.offset, found.offset))
        end = found.offset + found.size
        self.spans[struct] = (min(low, found.offset), max(high, end))


def find(layout: Layout, struct: str, path: str) -> Field:
    """A field by the library's name for it, or a former one.

    Raises:
        UsageError: the kernel has neither.
    """
    above, dot, member = path.rpartition(".")
    for name in FORMER.get(member, ()):
        former = f"{above}{dot}{name}"
        if not layout.has_field(struct, path) and layout.has_field(struct, former):
            return layout.field(struct, former)
    return layout.field(struct, path)

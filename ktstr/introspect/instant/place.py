# SPDX-License-Identifier: Apache-2.0
"""An instant of a guest's run, as somebody asks for it."""

from __future__ import annotations

from dataclasses import dataclass

_NS = 1_000_000_000


@dataclass(frozen=True)
class Place:
    """Before the `hit`th call of a function; or where code begins at a time, or later; or both.

    Attributes:
      function: of the kernel; empty for whatever runs then.
      hit: counts the calls that are not before the time.
      at_ns: CLOCK_MONOTONIC of the guest; None where any time will do.
      address: of an instruction, instead of a function's first.
      now_ns: virtual time, which is meant where both times are known.
      exact: whether that is before any instruction, also inside of a block of code.
      closely: whether every instruction is looked at from there on, for whoever goes on by steps.
      words: as people call it.
    """

    function: str = ""
    hit: int = 1
    at_ns: int | None = None
    address: int = 0
    now_ns: int | None = None
    exact: bool = False
    closely: bool = False
    words: str = ""

    def __str__(self) -> str:
        if self.words:
            return self.words
        parts = [self.function] if self.function else []
        parts += [f"call {self.hit}"] if self.hit > 1 else []
        parts += [seconds(self.at_ns)] if self.at_ns is not None else []
        return ", ".join(parts)


def seconds(ns: int) -> str:
    """A time on the guest's clock."""
    return f"{ns // _NS}.{ns % _NS:09d} s of the guest"

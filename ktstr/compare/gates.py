# SPDX-License-Identifier: Apache-2.0
"""How much a figure must differ before anybody is to hear of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ktstr.history.entry import FigureKey
from ktstr.model.errors import UsageError

# Of the base's value: in virtual time all differences are real, else boots differ by more.
EXACT_RELATIVE = 0.01
# Of what the middle call of a scheduler's callback takes: one path through it, counted exactly,
# where an instruction more of a hundred is a change that somebody made.
CALL_RELATIVE = 0.005
_MIDDLE_CALL = re.compile(r"op\.\w+\.instructions_p50")
NOISY_RELATIVE = 0.05
# By unit: what no user of a machine feels.
_ABSOLUTE = {"us": 1.0, "ms": 0.1, "s": 0.001, "%": 0.5}
# Counts and ratios of which so much more or less says nothing.
_ABSOLUTE_OF = {
    "migrations": 2.0,
    "migration_ratio": 0.001,
    "wake_cv": 0.05,
    "wake_tail_ratio": 0.1,
    "throughput_cv": 0.01,
    "page_locality_min": 0.01,
    "cross_node_migration_ratio": 0.01,
    "slow_tier_ratio": 0.01,
}


@dataclass(frozen=True)
class Gate:
    """Both must be passed.  relative: by the base's value.  absolute: in the figure's unit."""

    relative: float
    absolute: float

    def amount(self, base: float) -> float:
        """What a change must be more than; a base of zero leaves the absolute part."""
        return max(self.absolute, self.relative * abs(base))


@dataclass(frozen=True)
class NamedGate:
    """A gate of the figures whose name, or whole name with its cgroup, fits `pattern`."""

    pattern: str
    relative: float | None
    absolute: float | None

    @classmethod
    def parse(cls, text: str) -> NamedGate:
        """Reads `wake_*=10%`, `max_gap_ms=5`, `migrations=20%,50`.

        Raises:
            UsageError: it is none.
        """
        pattern, equals, amounts = text.partition("=")
        relative = absolute = None
        for amount in amounts.split(","):
            number = _number(amount.strip().removesuffix("%"))
            if number is None or not equals or not pattern:
                raise UsageError(
                    f"--gate {text!r}: FIGURE=AMOUNT is expected, with 5% for a part of the "
                    f"base, 3 in the figure's unit, or both: wake_*=10%,5"
                )
            if amount.strip().endswith("%"):
                relative = number / 100
            else:
                absolute = number
        return cls(pattern, relative, absolute)


@dataclass(frozen=True)
class Gates:
    """The gates of a comparison; of `named` the last that fits counts."""

    named: tuple[NamedGate, ...] = ()
    relative: float | None = None

    @classmethod
    def parse(cls, named: Iterable[str], relative_pct: float | None) -> Gates:
        """Of a command line.

        Raises:
            UsageError: one of them is none.
        """
        if relative_pct is not None and not 0 <= relative_pct < math.inf:
            raise UsageError(f"--relative {relative_pct:g}: a percentage of 0 or more is expected")
        part = None if relative_pct is None else relative_pct / 100
        return cls(tuple(map(NamedGate.parse, named)), part)

    def names(self, key: FigureKey) -> bool:
        """Whether somebody set a gate for this figure."""
        return any(key.fits(each.pattern) for each in self.named)

    def of(self, key: FigureKey, *, exact: bool) -> Gate:
        """The gate of a figure, compared in virtual time (`exact`) or not."""
        relative = EXACT_RELATIVE if exact else NOISY_RELATIVE
        if exact and _MIDDLE_CALL.fullmatch(key.name):
            relative = CALL_RELATIVE
        if self.relative is not None:
            relative = self.relative
        absolute = _ABSOLUTE_OF.get(key.name, _ABSOLUTE.get(key.unit, 0.0))
        for each in self.named:
            if key.fits(each.pattern):
                # who names one of both means that one alone
                relative = each.relative or 0.0
                absolute = each.absolute or 0.0
        return Gate(relative, absolute)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None

# SPDX-License-Identifier: Apache-2.0
"""After how many boots one looks whether more are needed, and what each look may cost.

Who looks after each boot, and stops at the first difference, finds one sooner or later where there
is none. So the looks are few and set beforehand, and the level is divided among them (Bonferroni):
together they err no oftener than a single one.
"""

from __future__ import annotations

from dataclasses import dataclass

# Fewer boots a side than that tell nothing from chance (ktstr/compare/permutation.py).
FIRST = 5


@dataclass(frozen=True)
class Looks:
    """boots: of a side, at each look, rising; the last is the budget.  level: of each look."""

    boots: tuple[int, ...]
    level: float

    @classmethod
    def within(cls, most: int, level: float) -> Looks:
        """5, 10, 20, ... boots and `most` (1 at least), which share `level`."""
        boots = [FIRST]
        while boots[-1] * 2 < most:
            boots.append(boots[-1] * 2)
        found = tuple(sorted({*(each for each in boots if each < most), most}))
        return cls(found, level / len(found))

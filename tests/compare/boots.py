# SPDX-License-Identifier: Apache-2.0
"""Suites in real time whose boots were run: //tests/slowed:tcg, recorded/tcg.csv."""

from __future__ import annotations

import csv
import functools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ktstr.compare.noisy import Question
from ktstr.history.entry import FigureKey
from tests.compare.suites import asked_of

_RECORDED = Path(__file__).with_name("recorded") / "tcg.csv"

Boot = Mapping[FigureKey, float]


@dataclass(frozen=True)
class Boots:
    """By how many percent the scheduler makes the pair slower -> what each boot had as figures."""

    by_percent: Mapping[int, tuple[Boot, ...]]

    def figures(self) -> tuple[FigureKey, ...]:
        """Those that every boot has."""
        all_boots = [boot for boots in self.by_percent.values() for boot in boots]
        return tuple(key for key in all_boots[0] if all(key in boot for boot in all_boots))

    def questions(self, seed: int, tests: int, boots: int, percent: int) -> Iterator[Question]:
        """A suite of boots that were run: test 0 is slower on its new side by so many percent.

        No boot is on both sides of a test, so as many as twice `boots` must be there.
        """
        drawing = random.Random(seed)
        same, slower = self.by_percent[0], self.by_percent[percent]
        figures = self.figures()
        for test in range(tests):
            drawn = drawing.sample(same, 2 * boots)
            base, new = drawn[:boots], drawn[boots:]
            if test == 0 and percent:
                new = drawing.sample(slower, boots)
            for key in figures:
                sides = (tuple(boot[key] for boot in side) for side in (base, new))
                yield asked_of(str(test), key, *sides)


@functools.cache
def recorded() -> Boots:
    """The boots of recorded/tcg.csv."""
    found: dict[int, dict[str, dict[FigureKey, float]]] = {}
    with _RECORDED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = FigureKey(row["figure"], row["unit"], row["polarity"], "", None, None)
            boots = found.setdefault(int(row["slower_pct"]), {})
            boots.setdefault(row["boot"], {})[key] = float(row["value"])
    return Boots({percent: tuple(boots.values()) for percent, boots in found.items()})

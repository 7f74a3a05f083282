# SPDX-License-Identifier: Apache-2.0
"""Counts false alarms and misses of comparisons, over suites whose truth is known.

    tools/bazel run //tests/compare:power              # prints the table
    tools/bazel run //tests/compare:power -- --write   # and writes it into docs/history.md
    tools/bazel run //tests/compare:power -- --run     # of boots that were run: boots.py

Ten minutes on two cores, and one for boots that were run.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
from collections.abc import Iterator
from dataclasses import dataclass

from tests.compare.boots import recorded
from tests.compare.suites import FIGURES, Change, Score, compared, scored
from tests.support.page import page_to_write, write_page

_BEGIN, _END = "<!-- made by //tests/compare:power{} -->", "<!-- end -->"
_TESTS = 70
_BOOTS = (3, 5, 8, 10)
_FACTORS = (1.02, 1.05, 1.1, 1.2, 1.5, 2.0)
_SUITES, _SUITES_CHANGED = 500, 40
_RUN_TESTS, _RUN_SUITES = 20, 200


@dataclass(frozen=True)
class Case:
    """Suites of one kind: how many, and what is true of them.

    run: of boots that were run.
    """

    boots: int
    factor: float
    suites: int
    run: bool = False

    def score(self, seed: int) -> Score:
        """Draws a suite and compares it."""
        if not self.run:
            return compared(seed, _TESTS, self.boots, Change(self.factor))
        percent = round(100 * (self.factor - 1))
        boots = recorded()
        asked = list(boots.questions(seed, _RUN_TESTS, self.boots, percent))
        return scored(asked, [key.name for key in boots.figures()] if percent else [])


@dataclass(frozen=True)
class Counted:
    """alarmed: suites with any false alarm.  found: with any right one, of each figure and in all.

    comparisons: that were made.
    """

    case: Case
    alarms: int
    alarmed: int
    found: int
    by_figure: dict[str, int]
    comparisons: int


def count(case: Case) -> Counted:
    """Draws the suites of a case and counts."""
    alarms = alarmed = found = 0
    by_figure = dict.fromkeys(_figures(case.run), 0)
    for seed in range(case.suites):
        score = case.score(1_000_000 * case.boots + seed)
        alarms += score.alarms
        alarmed += score.alarms > 0
        found += score.hits > 0
        if score.hits:
            for each in score.findings:
                if each.pair["test"] == "0":
                    by_figure[each.figure.removeprefix("total.")] += 1
    comparisons = case.suites * (_RUN_TESTS if case.run else _TESTS) * len(by_figure)
    return Counted(case, alarms, alarmed, found, by_figure, comparisons)


def _figures(run: bool) -> list[str]:
    return [key.name for key in recorded().figures()] if run else list(FIGURES)


def lines(counted: list[Counted]) -> Iterator[str]:
    """The tables, in Markdown."""
    yield (
        f"Suites of {_TESTS} tests with {len(FIGURES)} figures each, of which nothing changed "
        f"({_SUITES} suites for each number of boots):"
    )
    yield ""
    yield "| Boots a side | Suites with a false alarm | False alarms by comparisons |"
    yield "|---|---|---|"
    for each in counted:
        if each.case.factor == 1.0:
            part = 100 * each.alarmed / each.case.suites
            yield f"| {each.case.boots} | {part:.1f} % | {each.alarms} of {each.comparisons} |"
    yield ""
    yield (
        f"One of the {_TESTS} tests became slower in all its figures: in how many of "
        f"{_SUITES_CHANGED} suites that was told at all, what was told by figure, and how many "
        f"suites had a false alarm besides:"
    )
    yield ""
    yield from _powers([each for each in counted if each.case.factor != 1.0])


def run_lines(counted: list[Counted]) -> Iterator[str]:
    """The table of boots that were run, in Markdown."""
    yield (
        f"Boots of real guests under `tcg`: two tasks that wake each other on one vCPU, whose "
        f"scheduler's `ops.enqueue` does so much more that the pair is slower by that "
        f"(`//tests/slowed:tcg`). Suites of {_RUN_TESTS} tests, drawn from "
        f"{len(recorded().by_percent[0])} boots of each ({_RUN_SUITES} suites a line):"
    )
    yield ""
    yield from _powers(counted)


def _powers(counted: list[Counted]) -> Iterator[str]:
    names = [f"`{name}`" for name in counted[0].by_figure]
    yield f"| Slower by | Boots a side | Told | {' | '.join(names)} | Alarms |"
    yield "|---" * (len(names) + 4) + "|"
    for each in counted:
        parts = [each.found, *each.by_figure.values(), each.alarmed]
        cells = [f"{100 * part / each.case.suites:.0f} %" for part in parts]
        factor = f"{100 * (each.case.factor - 1):.0f} %"
        yield f"| {factor} | {each.case.boots} | {' | '.join(cells)} |"


def _drawn() -> list[Case]:
    cases = [Case(boots, 1.0, _SUITES) for boots in _BOOTS]
    return cases + [Case(boots, factor, _SUITES_CHANGED) for factor in _FACTORS for boots in _BOOTS]


def _run() -> list[Case]:
    return [
        Case(boots, 1 + percent / 100, _RUN_SUITES, run=True)
        for percent in recorded().by_percent
        for boots in _BOOTS
    ]


def main() -> None:
    """Prints the tables, and writes them where that is asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="into docs/history.md")
    parser.add_argument("--run", action="store_true", help="of boots that were run")
    options = parser.parse_args()
    page = page_to_write(parser, "docs/history.md") if options.write else None
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        counted = list(pool.map(count, _run() if options.run else _drawn()))
    text = "\n".join(run_lines(counted) if options.run else lines(counted))
    print(text)
    if page is not None:
        begin = _BEGIN.format(" --run" if options.run else "")
        before, _, rest = page.read_text(encoding="utf-8").partition(begin)
        after = rest.partition(_END)[2]
        write_page(page, f"{before}{begin}\n\n{text}\n\n{_END}{after}")


if __name__ == "__main__":
    main()

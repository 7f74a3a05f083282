# SPDX-License-Identifier: Apache-2.0
"""The page of many results: a list of all, and each whole, unpacked when it is asked for."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ktstr.page.beside import Beside
from ktstr.page.run import body_of
from ktstr.page.sheet import embedded, packed, page
from ktstr.report.text import kind_name, verdict_name
from ktstr.result import result_pb2
from ktstr.result.characters import one_line

# How many bytes the results of one page may take: browsers read more, but people wait for it.
BUDGET = 6_500_000
# Parts of the time line, from the finest on; 0: no charts.
_BINS = (300, 150, 80, 40, 0)
# Results that are packed together: they repeat each other, and unpacking is quick.
_TOGETHER = 16
# A sample of all tells how much room they take.
_TRIED = 48
_PROGRAMS = ("suite.js",)
_CAUSE_CHARS = 300
_ORDER = {"FAIL": 0, "INCONCLUSIVE": 1, "PASS": 2, "SKIP": 3}


@dataclass(frozen=True)
class Row:
    """A result in the list.  key: what its link calls it; place: among the packed ones."""

    key: str
    place: int
    verdict: str
    name: str
    topology: str
    kernel: str
    scheduler: str
    accel: str
    cause: str

    @property
    def rank(self) -> int:
        """Where its verdict stands in the list."""
        return _ORDER.get(self.verdict, len(_ORDER))


@dataclass(frozen=True)
class Cell:
    """Results of one scheduler on one topology.  verdict: the worst of them."""

    scheduler: str
    topology: str
    verdict: str
    words: str


def suite_page(
    results: Sequence[result_pb2.Result],
    title: str,
    links: Sequence[Mapping[str, str]] = (),
    said: Callable[[int], None] = lambda done: None,
    budget: int = BUDGET,
) -> str:
    """The whole page.

    links: of each result those of its files, see `Beside`.  said: is told how many are made.
    """
    rows = sorted(_rows(results), key=lambda row: (row.rank, row.name, row.topology))
    counts = Counter(row.verdict for row in rows)
    bins = _affordable(results, budget)
    packs: list[str] = []
    for bodies in _bodies(results, bins, links):
        packs.append(packed(embedded(bodies)))
        said(min(len(results), len(packs) * _TOGETHER))
    return page(
        "suite.html",
        f"{title}: {_count_words(counts)}",
        programs=_PROGRAMS,
        heading=title,
        rows=rows,
        counts=[(each, counts[each]) for each in _ORDER if counts[each]],
        choices={
            name: sorted({getattr(row, name) for row in rows} - {""})
            for name in ("topology", "kernel", "scheduler", "accel")
        },
        topologies=sorted({row.topology for row in rows}),
        matrix=list(_matrix(rows)),
        packs=packs,
        together=_TOGETHER,
    )


def _rows(results: Iterable[result_pb2.Result]) -> Iterator[Row]:
    for place, result in enumerate(results):
        identity = result.identity
        yield Row(
            key=key_of(result),
            place=place,
            verdict=verdict_name(result.verdict),
            name=f"{identity.label}::{identity.test}",
            topology=identity.topology.asked,
            kernel=_short(identity.kernel.label) or identity.kernel.release,
            scheduler=_short(identity.scheduler.label)
            if identity.HasField("scheduler")
            else "EEVDF",
            accel=identity.accelerator.name,
            cause=_cause(result),
        )


def _matrix(rows: Sequence[Row]) -> Iterator[tuple[str, list[Cell | None]]]:
    """Of each scheduler a cell for each topology; None: no result.  `rows` are the worst first."""
    cells: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        cells.setdefault((row.scheduler, row.topology), []).append(row.verdict)
    topologies = sorted({row.topology for row in rows})
    for scheduler in sorted({row.scheduler for row in rows}):
        places = [(scheduler, topology) for topology in topologies]
        yield (
            scheduler,
            [
                Cell(*place, cells[place][0], _count_words(Counter(cells[place])))
                if place in cells
                else None
                for place in places
            ],
        )


def key_of(result: result_pb2.Result) -> str:
    """The same of the same content, whatever page it is on."""
    return hashlib.sha256(result.SerializeToString(deterministic=True)).hexdigest()[:10]


def _cause(result: result_pb2.Result) -> str:
    if not result.details or result.verdict == result_pb2.PASS:
        return one_line(result.expectation)
    first = result.details[0]
    words = one_line(f"{kind_name(first.kind)}: {first.message}")
    return words if len(words) <= _CAUSE_CHARS else f"{words[:_CAUSE_CHARS]}..."


def _short(label: str) -> str:
    return label.rpartition(":")[2] or label


def _count_words(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[each]} {each}" for each in _ORDER if counts[each]) or "no results"


def _bodies(
    results: Sequence[result_pb2.Result], bins: int, links: Sequence[Mapping[str, str]] = ()
) -> Iterator[list[str]]:
    for start in range(0, len(results), _TOGETHER):
        places = range(start, min(start + _TOGETHER, len(results)))
        yield [
            body_of(
                results[place],
                Beside(links=links[place] if place < len(links) else {}),
                bins,
                briefly=True,
            )
            for place in places
        ]


def _affordable(results: Sequence[result_pb2.Result], budget: int) -> int:
    """Into how many parts charts may go, by what every nth result takes."""
    step = max(1, len(results) // _TRIED)
    tried = results[::step]
    for bins in _BINS:
        took = sum(len(packed(embedded(bodies))) for bodies in _bodies(tried, bins))
        if took * len(results) <= budget * len(tried):
            return bins
    return 0

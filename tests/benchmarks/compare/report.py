# SPDX-License-Identifier: Apache-2.0
"""A comparison in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.compare.figures import Compared, Readings

Phases = Mapping[str, Mapping[str, float]]

_TITLE, _NUMBER = 44, 11
_CLASSES = {"ext": "sched_ext", "eevdf": "EEVDF"}
_REACHED = {None: "", True: "reached", False: "missed"}


@dataclass(frozen=True)
class Sided:
    """What is told of one checkout: its folder, its commit, each round's readings, its phases."""

    folder: str
    commit: str
    rounds: Sequence[Readings]
    phases: Phases


def text_of(before: Sided, after: Sided, figures: Sequence[Compared]) -> str:
    """Lines for people."""
    lines = [
        f"before: {before.folder}, {before.commit}",
        f"after:  {after.folder}, {after.commit}",
        f"medians of {len(before.rounds)}",
        _row("", "before", "after", "ratio", "goal"),
        *(_figure(each) for each in figures),
    ]
    for name, title in _CLASSES.items():
        mine, other = before.phases.get(name, {}), after.phases.get(name, {})
        for phase in dict.fromkeys((*mine, *other)):
            if phase != "total":
                lines.append(_phase(f"{title}: {phase}", mine.get(phase), other.get(phase)))
    lines += _missing(figures)
    return "\n".join(each.rstrip() for each in lines)


def json_of(before: Sided, after: Sided, figures: Sequence[Compared]) -> str:
    """The same for programs, with each round; null is missing."""
    return json.dumps(
        {
            "figures": {
                each.figure.name: {
                    "before": each.before,
                    "after": each.after,
                    "ratio": each.ratio,
                    "goal": each.figure.goal,
                    "reached": each.reached,
                    "unit": each.figure.unit,
                }
                for each in figures
            },
            **{
                name: {
                    "folder": side.folder,
                    "commit": side.commit,
                    "rounds": list(side.rounds),
                    "phases_s": side.phases,
                }
                for name, side in (("before", before), ("after", after))
            },
        },
        indent=2,
    )


def _figure(compared: Compared) -> str:
    figure = compared.figure
    unit = f", {figure.unit}" if figure.unit else ""
    goal = "" if figure.goal is None else f"{figure.goal:.2f} {_REACHED[compared.reached]}"
    before, after = (_number(each, figure.unit) for each in (compared.before, compared.after))
    return _row(figure.title + unit, before, after, _ratio(compared.ratio), goal)


def _phase(title: str, before: float | None, after: float | None) -> str:
    ratio = after / before if before and after is not None else None
    return _row(f"{title}, s", _number(before, "s"), _number(after, "s"), _ratio(ratio), "")


def _missing(figures: Sequence[Compared]) -> list[str]:
    """A line for each reason, and for whom."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in figures:
        values = {"before": each.before, "after": each.after}
        sides = " and ".join(name for name, value in values.items() if value is None)
        if sides:
            found.setdefault((sides, each.figure.absent), []).append(each.figure.title)
    return [
        f"missing of {sides}, as {absent}: {'; '.join(titles)}"
        for (sides, absent), titles in found.items()
    ]


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "missing"
    return f"{value:.2f}" if unit == "s" else f"{value:.0f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _row(title: str, before: str, after: str, ratio: str, goal: str) -> str:
    return f"{title:{_TITLE}} {before:>{_NUMBER}} {after:>{_NUMBER}} {ratio:>7}  {goal}"

# SPDX-License-Identifier: Apache-2.0
"""What a scheduler told of itself, as a table: a row for each number, a column for each step."""

from __future__ import annotations

from ktstr.report.tables import aligned, more_lines
from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_STATS = "stats."
_ROWS_SHOWN = 40
_STEPS_SHOWN = 8
_DIGITS = 10


def told_lines(result: result_pb2.Result) -> list[str]:
    """The table; nothing where no scheduler was asked, or none answered."""
    names: dict[str, dict[tuple[int, int], str]] = {}
    for figure in result.figures:
        if figure.name.startswith(_STATS):
            row = names.setdefault(one_line(figure.name.removeprefix(_STATS)), {})
            row[figure.scenario, figure.step] = f"{figure.value:.{_DIGITS}g}"
    if not names:
        return []
    steps = sorted({step for row in names.values() for step in row})
    shown = steps[:_STEPS_SHOWN]
    several = len({scenario for scenario, _ in steps}) > 1
    heads = [f"scenario {i}, step {j}" if several else f"step {j}" for i, j in shown]
    rows = [(name, *(row.get(step, "-") for step in shown)) for name, row in names.items()]
    lines = aligned([("", *heads), *rows[:_ROWS_SHOWN]])
    if len(steps) > len(shown):
        lines.append(f"({len(steps) - len(shown)} steps more in result.json)")
    return lines + more_lines(len(rows), _ROWS_SHOWN)

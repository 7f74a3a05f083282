# SPDX-License-Identifier: Apache-2.0
"""The trace of decisions, what calls cost, and what code was reached, as lines of a report."""

from __future__ import annotations

from collections.abc import Iterable

from ktstr.report.tables import aligned
from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_COLUMNS = ("instructions of", "calls", "p50", "p99", "max", "all")


def decision_lines(result: result_pb2.Result) -> list[str]:
    """How much there is to open, and what lacks; nothing where nobody asked."""
    if not result.HasField("decisions"):
        return []
    made = result.decisions
    files = ": trace.perfetto-trace (ui.perfetto.dev), trace.jsonl" if made.events else ""
    lines = [f"{made.events} events{files}", *made.lacks]
    return [*lines, *([one_line(made.problem)] if made.problem else [])]


def cost_lines(result: result_pb2.Result) -> list[str]:
    """A row for each callback and function that was called; nothing where nobody asked."""
    made = result.op_costs
    rows = [
        (each.whose, *(str(n) for n in (each.count, each.p50, each.p99, each.max, each.total)))
        for each in made.costs
    ]
    lines = aligned([_COLUMNS, *rows]) if rows else []
    if made.asleep:
        lines.append(f"not counted, as they may sleep: {', '.join(made.asleep)}")
    return [*lines, *([one_line(made.problem)] if made.problem else [])]


def coverage_lines(result: result_pb2.Result) -> list[str]:
    """What was reached of the scheduler by files, and of others; nothing where nobody asked."""
    made = result.coverage
    lines = []
    for each in made.subject:
        missed = f"; not reached: {', '.join(map(one_line, each.missed))}" if each.missed else ""
        lines.append(f"{one_line(each.path)}: {_reached((each,))}{missed}")
    if made.kernel:
        lines.append(f"kernel/sched: {_reached(made.kernel)}")
    lines += [f"{one_line(each.path)}: {_reached((each,))}" for each in made.loader]
    return [*lines, *map(one_line, (*made.lacks, *filter(None, (made.problem,))))]


def _reached(files: Iterable[result_pb2.Coverage.File]) -> str:
    told = list(files)
    lines, functions = sum(each.lines for each in told), sum(each.functions for each in told)
    parts = []
    if lines:
        parts.append(f"{sum(each.lines_reached for each in told)} of {lines} lines")
    if functions:
        reached = sum(each.functions_reached for each in told)
        parts.append(f"{reached} of {functions} functions")
    return ", ".join(parts) or "nothing"

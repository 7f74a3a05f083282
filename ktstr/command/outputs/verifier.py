# SPDX-License-Identifier: Apache-2.0
"""What the verifier found of schedulers' BPF programs: a row for each scheduler, a column for each
kernel.

The results are those of tests that ask for it: scx_verify_test, and checks named max_verified_...
PLACE is a result.pb or a folder with results; default: bazel-testlogs. With --run they come from
the history. Of several results of a pair the dearest program of each counts.

Exit codes: 0 the verifier took all of them, 1 it refused one, 2 nothing is known, or a
result cannot be read, 3 error.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from ktstr.command.context import Context, table
from ktstr.command.history.asked import add_history, opened
from ktstr.command.history.kept import kept_results
from ktstr.command.outputs.testlogs import Read, results_below
from ktstr.console.verifier_log import rejection
from ktstr.model.errors import UsageError
from ktstr.report.logs import log_text
from ktstr.result import result_pb2

HELP = "what the verifier found: schedulers by kernels"

_REFUSED, _NO_DATA = 1, 2
_NOT_TOLD = "n/a"
_HEAD = ("insns", "states", "peak", "per insn", "stack", "program")


@dataclass(frozen=True)
class Cell:
    """One scheduler on one kernel.

    The figures are the largest of all its programs; None where the scheduler's own user space loads
    them, which does not tell.  program: the one with the most insns.  refused: the verifier's
    reason and the line of the source, empty where it took all.
    """

    scheduler: str
    kernel: str
    program: str
    insns: int
    states: int | None
    peak_states: int | None
    states_per_insn: int | None
    stack_bytes: int | None
    refused: str


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("place", nargs="?", metavar="PLACE", help="result.pb, or a folder")
    parser.add_argument("--run", metavar="RUN", help="of the history: a run, commit or branch")
    add_history(parser)


def run(options: argparse.Namespace, context: Context) -> int:
    """Shows the grid.

    Raises:
        UsageError, InfraError: there are no results, or they cannot be read.
    """
    read = _results(options, context)
    cells = cells_of(read.results)
    if options.json:
        context.answer([asdict(each) for each in cells])
    elif cells:
        context.say(*_grid(cells))
    else:
        context.tell("no result tells of the verifier: run an scx_verify_test")
    if not cells:
        return _NO_DATA
    return _REFUSED if any(each.refused for each in cells) else read.code


def _results(options: argparse.Namespace, context: Context) -> Read:
    if options.run is not None and options.place is not None:
        raise UsageError("verifier: name a PLACE, or --run of the history; one of them")
    if options.run is None:
        place = context.workspace / "bazel-testlogs"
        place = context.path(options.place) if options.place else place
        return results_below(place, context)
    with opened(options, context) as connection:
        return Read(list(kept_results(connection, options.run, ())), 0)


def cells_of(results: Iterable[result_pb2.Result]) -> list[Cell]:
    """One cell for each scheduler and kernel of which anything is known, in the order of names."""
    programs: dict[tuple[str, str], list[result_pb2.Bpf.Program]] = {}
    refused: dict[tuple[str, str], str] = {}
    for each in results:
        kernel = each.identity.kernel.release or each.identity.kernel.label.removeprefix("@@")
        for life in each.bpf.lives:
            programs.setdefault((life.scheduler, kernel), []).extend(life.programs)
        if reason := _refusal(each):
            name = each.identity.scheduler.label.removeprefix("@@").rpartition(":")[2]
            refused.setdefault((name, kernel), reason)
    pairs = sorted({*programs, *refused})
    return [
        _cell(pair, programs.get(pair, []), refused.get(pair, ""))
        for pair in pairs
        if programs.get(pair) or pair in refused
    ]


def _refusal(result: result_pb2.Result) -> str:
    if not any(each.kind == result_pb2.SCHEDULER_NOT_LOADED for each in result.details):
        return ""
    found = rejection(log_text(result, "scheduler"))
    if found is None:
        return ""
    return "; ".join(filter(None, (f"{found.program}: {found.reason}", found.at)))


def _cell(pair: tuple[str, str], programs: list[result_pb2.Bpf.Program], refused: str) -> Cell:
    def largest(field: str) -> int | None:
        told = [getattr(each, field) for each in programs if each.HasField(field)]
        return max(told) if told else None

    dearest = max(programs, key=lambda each: each.verified_insns, default=None)
    return Cell(
        scheduler=pair[0],
        kernel=pair[1],
        program=dearest.name if dearest is not None else "",
        insns=dearest.verified_insns if dearest is not None else 0,
        states=largest("total_states"),
        peak_states=largest("peak_states"),
        states_per_insn=largest("max_states_per_insn"),
        stack_bytes=largest("stack_bytes"),
        refused=refused,
    )


def _grid(cells: list[Cell]) -> Iterator[str]:
    """A table for each kernel's columns, then what was refused, and what was not told."""
    kernels = sorted({each.kernel for each in cells})
    by_pair = {(each.scheduler, each.kernel): each for each in cells}
    rows = [("scheduler", *(f"insns on {kernel}" for kernel in kernels))]
    for scheduler in sorted({each.scheduler for each in cells}):
        rows.append((scheduler, *(_insns(by_pair.get((scheduler, each))) for each in kernels)))
    yield from table(rows)
    for kernel in kernels:
        yield ""
        yield f"on {kernel}, the largest of each scheduler's programs:"
        head = ("scheduler", *_HEAD)
        told = (each for each in cells if each.kernel == kernel and each.program)
        yield from table([head, *map(_row, told)])
    for each in cells:
        if each.refused:
            yield ""
            yield f"{each.scheduler} on {each.kernel} is refused: {each.refused}"
    if any(each.program and each.states is None for each in cells):
        yield ""
        yield f"{_NOT_TOLD}: loaded by the scheduler's own user space, which shows no log of it"


def _insns(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    return "refused" if not cell.program else str(cell.insns)


def _row(cell: Cell) -> tuple[str, ...]:
    figures = (cell.states, cell.peak_states, cell.states_per_insn, cell.stack_bytes)
    told = (_NOT_TOLD if figure is None else str(figure) for figure in figures)
    return (cell.scheduler, str(cell.insns), *told, cell.program)

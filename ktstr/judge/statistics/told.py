# SPDX-License-Identifier: Apache-2.0
"""What a scheduler told of itself, step by step, as numbers with names."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from errno import errorcode

from ktstr.model.output.json_leaves import Document, documents
from ktstr.model.wire.stats import SchedulerStats
from ktstr.record.run import RunRecord

_ANSWER = "args.resp"
_SHOWN = 200


@dataclass(frozen=True)
class Told:
    """The numbers of one step.

    scenario: the ordinal of the scenario that the step is of.  labels: its number and name.
    problem: why there are none.
    """

    scheduler: str
    scenario: int
    step: int
    labels: tuple[str, ...]
    values: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""


def told_of(run: RunRecord) -> tuple[Told, ...]:
    """The statistics of each step that was played, in the order of their times."""
    return tuple(_told(run, each) for each in run.stats)


def stats_remarks(told: Iterable[Told]) -> Iterator[str]:
    """Steps of which the scheduler told nothing; a claim about them is INCONCLUSIVE."""
    for each in told:
        if each.problem:
            yield (
                f"scheduler {each.scheduler} told no statistics of step "
                f"{' '.join(each.labels)}: {each.problem}"
            )


def _told(run: RunRecord, stats: SchedulerStats) -> Told:
    scenario = sum(each.ended_ns < stats.started_ns for each in run.scenarios)
    played = run.scenarios[scenario].steps if scenario < len(run.scenarios) else ()
    names = [step.name for step in played if step.index == stats.step and step.name]
    labels = (f"{stats.step}", *names)
    values, problem = ({}, stats.problem) if stats.problem else _read(stats.line)
    return Told(stats.scheduler, scenario, stats.step, labels, values, problem)


def _read(line: str) -> tuple[dict[str, float], str]:
    """The numbers of an answer, or what is wrong with it."""
    document = next(documents(line, (_ANSWER,)), None)
    leaves = dict(document.leaves) if document is not None else {}
    if document is None or document.cut or "errno" not in leaves:
        return {}, f"its answer is no line of scx_stats: {line[:_SHOWN]!r}"
    if errno := leaves["errno"]:
        return {}, f"it refused: {_refusal(errno, leaves.get(_ANSWER, ''))}"
    values = _numbers(document)
    return values, "" if values else f"its answer holds no number: {line[:_SHOWN]!r}"


def _refusal(errno: float | str, words: float | str) -> str:
    # it may say any number, and the library takes no more than an int
    name = os.strerror(int(errno)) if errno in errorcode else errno
    return f"{words!s:.{_SHOWN}} ({name})"


def _numbers(document: Document) -> dict[str, float]:
    """Its numbers by their names, less those of which two have one name, or that are not finite."""
    found: dict[str, float] = {}
    twice = set()
    for path, value in document.leaves:
        name = path.removeprefix(f"{_ANSWER}.")
        if name == path or not isinstance(value, float):
            continue
        if name in found:
            twice.add(name)
        found[name] = value
    return {
        name: value for name, value in found.items() if name not in twice and math.isfinite(value)
    }

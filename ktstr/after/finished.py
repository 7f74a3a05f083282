# SPDX-License-Identifier: Apache-2.0
"""What an `after` function is given: a run that passed, as data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ktstr.judge.statistics.figure_table import OF_A_CGROUP, OF_ALL, Given
from ktstr.judge.statistics.run import RunStatistics, StepStatistics
from ktstr.model.errors import UsageError
from ktstr.model.facts import CgroupFacts, Event, PayloadFacts, StepFacts, WorkerFacts
from ktstr.model.nearest import did_you_mean
from ktstr.record.run import RunRecord

S = TypeVar("S")


@dataclass(frozen=True)
class FinishedFigure:
    """A figure of the result (docs/checks.md).  cgroup: None: of all workers.

    step: its index, None for the whole run.  step_name: what its author calls the step.
    """

    name: str
    value: float
    unit: str
    cgroup: str | None = None
    step: int | None = None
    step_name: str = ""


@dataclass(frozen=True)
class Finished:
    """A run that has passed.  Times are guest nanoseconds, as in `ktstr.model.facts`.

    scheduler: the target's, by its name; empty: the kernel's own class.  steps: of all scenarios,
    and what a function had in the background.  notes: those of the test function.
    """

    test: str
    topology: str
    seed: int
    scheduler: str
    figures: tuple[FinishedFigure, ...]
    steps: tuple[StepFacts, ...]
    workers: tuple[WorkerFacts, ...]
    cgroups: tuple[CgroupFacts, ...] = ()
    payloads: tuple[PayloadFacts, ...] = ()
    events: tuple[Event, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)

    def figure(self, name: str, cgroup: str | None = None, step: str | int | None = None) -> float:
        """The value of one figure; `step` is the name or the index of a step.

        Raises:
            UsageError: it was not measured there, or there are several; what there is is named.
        """
        found = [
            each
            for each in self.figures
            if (each.name, each.cgroup) == (name, cgroup) and _is_of(each, step)
        ]
        if len(found) == 1:
            return found[0].value
        where = f" of cgroup {cgroup!r}" if cgroup is not None else ""
        where += f" in step {step!r}" if step is not None else ""
        if found:
            raise UsageError(f"figure {name!r}{where}: {len(found)} steps are called so")
        names = sorted({each.name for each in self.figures})
        places = sorted({each.cgroup for each in self.figures if each.cgroup is not None})
        raise UsageError(
            f"figure {name!r}{where} was not measured{did_you_mean(name, names)}; cgroups with "
            f"figures: {', '.join(places) or 'none'}"
        )

    def metric(self, payload: str, name: str) -> float:
        """A metric of the last run of a payload that printed it.

        Raises:
            UsageError: no run of it did.
        """
        values = [
            metric.value
            for run in self.payloads
            if run.payload == payload
            for metric in run.metrics
            if metric.name == name
        ]
        if not values:
            there = {metric.name for run in self.payloads for metric in run.metrics}
            raise UsageError(
                f"payload {payload!r} printed no metric {name!r}{did_you_mean(name, there)}"
            )
        return values[-1]


def finished(run: RunRecord, statistics: RunStatistics) -> Finished:
    """What is told of a run, and of the statistics that were made of it."""
    return Finished(
        test=run.plan.test,
        topology=run.plan.topology,
        seed=run.plan.seed,
        scheduler=run.plan.scheduler.name if run.plan.scheduler is not None else "",
        figures=tuple(_figures(statistics)),
        steps=tuple(step for scenario in run.scenarios for step in scenario.steps),
        workers=run.workers,
        cgroups=run.cgroups,
        payloads=run.payloads,
        events=run.events,
        notes=run.test.notes if run.test is not None else {},
    )


def _is_of(figure: FinishedFigure, step: str | int | None) -> bool:
    if step is None or figure.step is None:
        return step is None and figure.step is None
    return step in (figure.step, figure.step_name)


def _figures(statistics: RunStatistics) -> Iterator[FinishedFigure]:
    yield from _of(statistics, None, "")
    for steps in statistics.scenarios:
        for step in steps:
            yield from _of(step, step.index, step.name)


def _of(
    part: RunStatistics | StepStatistics, step: int | None, name: str
) -> Iterator[FinishedFigure]:
    yield from _measured(OF_ALL, part.total, None, step, name)
    for stats in part.cgroups:
        yield from _measured(OF_A_CGROUP, stats, stats.name, step, name)


def _measured(
    table: Mapping[str, Given[S]], stats: S, cgroup: str | None, step: int | None, name: str
) -> Iterator[FinishedFigure]:
    for each in table.values():
        value = each.of(stats)
        if value is not None and not math.isnan(value):
            figure = each.figure
            yield FinishedFigure(figure.name, float(value), figure.unit, cgroup, step, name)

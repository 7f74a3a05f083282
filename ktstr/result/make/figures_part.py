# SPDX-License-Identifier: Apache-2.0
"""The figures of a result by their names: of all workers, of each cgroup, and both by step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from ktstr.introspect.costs.costs import OpCosts
from ktstr.judge.statistics.figure_table import OF_A_CGROUP, OF_ALL, OF_CALLS, Given
from ktstr.judge.statistics.run import RunStatistics, StepStatistics
from ktstr.judge.statistics.told import Told
from ktstr.model.payload import Polarity
from ktstr.model.verdict.stats_figures import STATS
from ktstr.result import result_pb2
from ktstr.result.characters import encodable

S = TypeVar("S")


def figures(statistics: RunStatistics) -> Iterator[result_pb2.Figure]:
    """Every figure that has a value: of the run, then of each step of a scenario with several.

    Nothing where no worker reported.
    """
    if not statistics.total.workers:
        return
    yield from _of(statistics)
    for scenario, steps in enumerate(statistics.scenarios):
        if len(steps) < 2:
            continue
        for step in steps:
            for figure in _of(step):
                figure.step, figure.scenario = step.index, scenario
                yield figure


def call_figures(costs: OpCosts) -> Iterator[result_pb2.Figure]:
    """What calls cost, as figures: `op.enqueue.instructions_p99`."""
    for cost in costs.costs:
        for figure in _measured(OF_CALLS, cost):
            figure.name = f"{cost.whose}.{figure.name}"
            yield figure


def told_figures(told: Sequence[Told], played: int) -> Iterator[result_pb2.Figure]:
    """What a scheduler told of itself: of each step, or of the only one as of the run.

    played: how many steps there were; of some it may have told nothing.
    """
    for each in told:
        for name, value in each.values.items():
            figure = result_pb2.Figure(
                name=encodable(f"{STATS}.{name}"), value=value, polarity=Polarity.UNKNOWN.value
            )
            if max(len(told), played) > 1:
                figure.step, figure.scenario = each.step, each.scenario
            yield figure


def _of(part: RunStatistics | StepStatistics) -> Iterator[result_pb2.Figure]:
    yield from _measured(OF_ALL, part.total)
    for stats in part.cgroups:
        for figure in _measured(OF_A_CGROUP, stats):
            figure.cgroup = encodable(stats.name)
            yield figure


def _measured(table: Mapping[str, Given[S]], stats: S) -> Iterator[result_pb2.Figure]:
    for each in table.values():
        value, figure = each.of(stats), each.figure
        if value is not None and not math.isnan(value):
            yield result_pb2.Figure(
                name=figure.name, value=value, unit=figure.unit, polarity=figure.polarity.value
            )

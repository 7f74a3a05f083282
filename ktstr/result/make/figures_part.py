# SPDX-License-Identifier: Apache-2.0
"""The figures of a result by their names: of all workers, of each cgroup, and both by step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TypeVar

from ktstr.introspect.costs.costs import OpCosts
from ktstr.judge.statistics.figure_table import OF_A_CGROUP, OF_ALL, OF_CALLS, Given
from ktstr.judge.statistics.run import RunStatistics, StepStatistics
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

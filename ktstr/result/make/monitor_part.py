# SPDX-License-Identifier: Apache-2.0
"""The part of a result that the monitor saw: its series, and what they come to by step."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator

from ktstr.introspect.monitor.quantities import Shape, known
from ktstr.introspect.monitor.series import Column, How, MonitorSeries
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.characters import encodable
from ktstr.result.make.mirror import mirrored
from ktstr.result.packed import packed


def add_monitor(result: result_pb2.Result, run: RunRecord) -> None:
    """Adds what the monitor saw in `run`; nothing where none was wanted."""
    if run.monitor is not None:
        result.monitor.CopyFrom(monitor_result(run.monitor))
        result.monitor.summaries.extend(_summaries(run, run.monitor))


def monitor_result(seen: MonitorSeries) -> result_pb2.Monitor:
    """The series by themselves."""
    message = result_pb2.Monitor(
        how=seen.how.value,
        why=encodable(seen.why),
        period_ns=seen.period_ns,
        samples=len(seen.at_ns),
        torn=seen.torn,
        unseen_dsqs=seen.unseen_dsqs,
    )
    for lack in seen.lacks:
        message.lacks.add(quantity=lack.quantity, what=encodable(lack.what))
    for pid in sorted(seen.comms):
        message.tasks.add(pid=pid, comm=encodable(seen.comms[pid]))
    if seen.idle is not None:
        mirrored(message.idle, seen.idle, leave=("waits",))
        for wait in seen.idle.waits:
            mirrored(message.idle.waits.add(), wait)
    if seen.how is How.NOBODY:
        return message
    message.at_ns.packed = packed([seen.at_ns])
    for quantity, columns in _by_quantity(seen):
        message.series.add(
            quantity=quantity,
            of=[each.of for each in columns if each.of is not None],
            rows=result_pb2.Monitor.Numbers(packed=packed([each.values for each in columns])),
        )
    return message


def _by_quantity(seen: MonitorSeries) -> Iterator[tuple[str, list[Column]]]:
    for quantity, columns in itertools.groupby(seen.columns, key=lambda each: each.quantity):
        yield quantity, list(columns)


def _summaries(run: RunRecord, seen: MonitorSeries) -> Iterator[result_pb2.Monitor.Summary]:
    """Of each step, in order: the gauges' least, most and mean, and how far counters rose."""
    for number, scenario in enumerate(run.scenarios):
        for step in scenario.steps:
            first = bisect.bisect_left(seen.at_ns, step.started_ns)
            last = bisect.bisect_right(seen.at_ns, step.ended_ns)
            if first == last:
                continue
            for quantity, columns in _by_quantity(seen):
                if known(quantity).shape is Shape.STATE:
                    continue
                values = [each.values[first:last] for each in columns]
                yield result_pb2.Monitor.Summary(
                    step=step.index,
                    scenario=number,
                    quantity=quantity,
                    of=[each.of for each in columns if each.of is not None],
                    least=[_bounded(min(row)) for row in values],
                    most=[_bounded(max(row)) for row in values],
                    mean=[sum(row) / len(row) for row in values],
                    samples=last - first,
                )


def _bounded(value: int) -> int:
    """What fits: a guest may have any 64 bits where a number should be."""
    return min(value, (1 << 63) - 1)

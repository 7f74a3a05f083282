# SPDX-License-Identifier: Apache-2.0
"""What the monitor saw, read back from a result."""

from __future__ import annotations

from ktstr.introspect.monitor.series import (
    Column,
    How,
    IdleLooks,
    IdleWait,
    Lack,
    MonitorSeries,
)
from ktstr.result import result_pb2
from ktstr.result.series import rows_of


def monitor_series(message: result_pb2.Monitor) -> MonitorSeries:
    """The series of which the message was made.

    Raises:
        ValueError: its numbers are damaged, or it says how in a word that is not known.
    """
    at_ns = rows_of(message.at_ns, message.samples)
    return MonitorSeries(
        How(message.how),
        message.why,
        message.period_ns,
        at_ns[0] if at_ns else (),
        tuple(each for series in message.series for each in _columns(series, message.samples)),
        tuple(Lack(each.quantity, each.what) for each in message.lacks),
        message.torn,
        {each.pid: each.comm for each in message.tasks},
        message.unseen_dsqs,
        _idle(message.idle) if message.HasField("idle") else None,
    )


def _columns(series: result_pb2.Monitor.Series, samples: int) -> list[Column]:
    rows = rows_of(series.rows, samples)
    things: list[int | None] = list(series.of) or [None]
    if samples and len(rows) != len(things):
        raise ValueError(f"{len(rows)} rows of {series.quantity} are of {len(things)} things")
    return [
        Column(series.quantity, of, row)
        for of, row in zip(things, rows or [()] * len(things), strict=True)
    ]


def _idle(message: result_pb2.Monitor.IdleLooks) -> IdleLooks:
    return IdleLooks(
        message.looks,
        message.lost,
        message.unseen,
        tuple(
            IdleWait(
                each.at_ns,
                each.cpu,
                each.pid,
                each.comm,
                each.on_cpu,
                each.waited_ns,
                each.among,
            )
            for each in message.waits
        ),
    )

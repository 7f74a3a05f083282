# SPDX-License-Identifier: Apache-2.0
"""What the witness saw, where it tells: classes, wasted CPUs, and CPUs that were held."""

from __future__ import annotations

import collections

from ktstr.report.tables import aligned, duration, more_lines
from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_ROWS_SHOWN = 16
_HOLDS_SHOWN = 5
# of less the table would be long wherever nothing is amiss
_SHOWN_NS = 200_000_000
_COLUMNS = ("cpu", "step", "idle", "wasted", "longest", "who waited")


def witness_lines(result: result_pb2.Result) -> list[str]:
    """Nothing where all ran under one class, and no CPU was wasted or held for long."""
    return [*_classes(result), *_wasted(result), *_holds(result), *_account(result.witness)]


def _classes(result: result_pb2.Result) -> list[str]:
    counts: collections.Counter[str] = collections.Counter()
    for each in result.ran_under:
        counts.update({sample.name: sample.value for sample in each.samples})
    total = counts.total()
    if len(counts) < 2 or not total:
        return []
    parts = [f"{one_line(name)} {100 * count / total:.1f}%" for name, count in counts.most_common()]
    return [f"classes in which tasks were seen running: {', '.join(parts)}"]


def _wasted(result: result_pb2.Result) -> list[str]:
    rows = [
        (
            f"CPU {cpu.cpu}",
            str(each.step) if each.HasField("step") else "-",
            _part(cpu.idle_ns, each),
            _part(cpu.wasted_ns, each),
            duration(cpu.longest_ns),
            one_line(cpu.waiting) or "-",
        )
        for each in result.idleness
        for cpu in each.cpus
        if cpu.wasted_ns >= _SHOWN_NS
    ]
    lines = aligned([_COLUMNS, *rows[:_ROWS_SHOWN]]) if rows else []
    return lines + more_lines(len(rows), _ROWS_SHOWN)


def _part(ns: int, each: result_pb2.Idleness) -> str:
    length = each.ended_ns - each.started_ns
    return f"{100 * ns / length:.0f}%" if length else "-"


def _holds(result: result_pb2.Result) -> list[str]:
    ours = {worker.pid for worker in result.workers}
    longest = sorted(result.holds, key=lambda hold: hold.started_ns - hold.ended_ns)
    lines = [
        f"CPU {hold.cpu} was held for {duration(hold.ended_ns - hold.started_ns)} by "
        f"{one_line(hold.comm)}[{hold.pid}] ({one_line(hold.sched_class)}"
        f"{', a worker' if hold.pid in ours else ''})"
        for hold in longest[:_HOLDS_SHOWN]
    ]
    return lines + more_lines(len(longest), _HOLDS_SHOWN)


def _account(witness: result_pb2.Witness) -> list[str]:
    lines = [f"the witness: {one_line(witness.error)}"] if witness.error else []
    if 2 * witness.late > witness.looks:
        lines.append(f"{witness.late} of the witness's {witness.looks} looks came late")
    return lines

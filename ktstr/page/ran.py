# SPDX-License-Identifier: Apache-2.0
"""Who ran on each CPU: by a trace of decisions, else by the monitor's samples."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ktstr.page.stretches import Samples, Stretch, joined
from ktstr.page.window import Window
from ktstr.result import result_pb2
from ktstr.result.series import rows_of

_IDLE_PID = 0
_SWITCH = '"event":"switch"'
# A CPU whose tick rests is not looked at: what was seen last is not taken for what is, any longer.
_PERIODS = 2


@dataclass(frozen=True)
class Ran:
    """Of each CPU the stretches in which a task ran; where there is none it was idle, or unknown.

    names: of tasks by their pids.  source: where it is known from, in words.
    """

    by_cpu: Mapping[int, Sequence[Stretch]]
    names: Mapping[int, str]
    source: str

    def took(self) -> dict[int, int]:
        """How long each task ran on all CPUs together (us), by pid."""
        total: dict[int, int] = defaultdict(int)
        for stretches in self.by_cpu.values():
            for each in stretches:
                total[each.value] += each.end - each.start
        return dict(total)


def by_monitor(result: result_pb2.Result, window: Window) -> Ran | None:
    """As samples have it; None: nobody looked.

    Raises:
        ValueError: the monitor's numbers are damaged.
    """
    seen = result.monitor
    series = next((each for each in seen.series if each.quantity == "pid"), None)
    if not seen.samples or series is None:
        return None
    (at_ns,) = rows_of(seen.at_ns, seen.samples)
    samples = Samples(at_ns, window, _PERIODS * (seen.period_ns or window.end_ns))
    by_cpu = {
        cpu: [each for each in samples.stretches(row) if each.value != _IDLE_PID]
        for cpu, row in zip(series.of, rows_of(series.rows, seen.samples), strict=True)
    }
    names = {task.pid: task.comm for task in seen.tasks}
    return Ran(by_cpu, _named(names, result), f"{seen.samples} samples of the monitor")


def by_trace(lines: Iterable[str], result: result_pb2.Result, window: Window) -> Ran:
    """As the lines of a trace.jsonl have it: every switch.

    Raises:
        ValueError: they are no trace.
    """
    read = iter(lines)
    try:
        about = json.loads(next(read, ""))
        names = {int(pid): str(name) for pid, name in about["tasks"].items()}
        by_cpu: dict[int, list[Stretch]] = {cpu: [] for cpu in range(about["cpus"])}
        since: dict[int, int] = {}
        now: dict[int, int] = {}
        switches = 0
        for line in read:
            if _SWITCH in line:
                switch = json.loads(line)
                switches += 1
                cpu, at_ns = switch["cpu"], switch["ns"]
                _put(by_cpu[cpu], since.get(cpu, window.start_ns), at_ns, switch["prev"], window)
                since[cpu], now[cpu] = at_ns, switch["next"]
        for cpu, pid in now.items():
            _put(by_cpu[cpu], since[cpu], result.decisions.ended_ns, pid, window)
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"a line of the trace lacks something: {error}") from error
    found = {cpu: joined(stretches) for cpu, stretches in by_cpu.items()}
    return Ran(found, _named(names, result), f"the trace's {switches} switches")


def _put(found: list[Stretch], since_ns: int, at_ns: int, pid: int, window: Window) -> None:
    start, end = window.us(since_ns), window.us(at_ns)
    if pid != _IDLE_PID and end > start:
        found.append(Stretch(start, end, pid))


def _named(names: Mapping[int, str], result: result_pb2.Result) -> dict[int, str]:
    """`w0.1.1[71] in cg_0` for workers, `ktstr[60]` for others."""
    cgroups = {worker.pid: worker.cgroup for worker in result.workers if worker.pid}
    found = {pid: f"{comm}[{pid}]" for pid, comm in names.items()}
    for pid, cgroup in cgroups.items():
        if pid in found and cgroup:
            found[pid] += f" in {cgroup}"
    return found

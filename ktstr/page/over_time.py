# SPDX-License-Identifier: Apache-2.0
"""Charts over the guest's time: who ran, runqueues, dispatch queues."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ktstr.page.chart import Chart
from ktstr.page.ran import Ran
from ktstr.page.stretches import Samples, Stretch, flat, most_of_time, most_there_was
from ktstr.page.window import Window
from ktstr.result import result_pb2
from ktstr.result.series import rows_of

# so many tasks have a colour of their own
_COLOURS = 9
_TASKS_SHOWN = 20
_DSQS_SHOWN = 8
_PERIODS = 2
_US_PER_MS = 1e3

Shared = Mapping[str, Any]


@dataclass(frozen=True)
class Resolution:
    """How fine charts are: parts of the whole time, and in how many us times are given."""

    bins: int
    unit: int = 1


def who_ran(ran: Ran, window: Window, shared: Shared, fine: Resolution) -> Chart:
    """Each CPU's tasks, one after another."""
    took = ran.took()
    ranked = sorted(took, key=lambda pid: (-took[pid], pid))
    place = {pid: i for i, pid in enumerate(ranked)}
    length = window.length_us
    kept = {cpu: most_of_time(each, length, fine.bins) for cpu, each in ran.by_cpu.items()}
    numbers = {
        cpu: flat(
            (Stretch(each.start, each.end, place[each.value], each.level) for each in of),
            fine.unit,
        )
        for cpu, of in kept.items()
    }
    thinned = any(len(kept[cpu]) < len(ran.by_cpu[cpu]) for cpu in kept)
    notes = [f"By {ran.source}."]
    if thinned:
        part = f"{length / fine.bins / _US_PER_MS:.3g} ms"
        notes.append(
            f"Each part of {part} shows the task that ran most in it, the paler the less of it "
            "anything ran."
        )
    names = [ran.names.get(pid, f"pid {pid}") for pid in ranked]
    busy = [
        f"CPU {cpu} {_percent(sum(each.end - each.start for each in of), length)}"
        for cpu, of in sorted(ran.by_cpu.items())
    ]
    return Chart(
        key="ran",
        title="Who ran on each CPU",
        says=f"Time line of {len(kept)} CPUs and {len(ranked)} tasks. Busy: {', '.join(busy)}.",
        data={
            "kind": "lanes",
            **shared,
            "unit": fine.unit,
            "rows": _rows(numbers),
            "names": names,
            "coloured": _COLOURS,
        },
        columns=("task", "ran for", "of one CPU", *(f"on CPU {cpu}" for cpu in sorted(kept))),
        rows=list(_task_rows(ran, ranked, names, length)),
        notes=notes,
    )


def _task_rows(
    ran: Ran, ranked: Sequence[int], names: Sequence[str], length: int
) -> Iterator[Sequence[str]]:
    on: dict[tuple[int, int], int] = {}
    for cpu, stretches in ran.by_cpu.items():
        for each in stretches:
            on[each.value, cpu] = on.get((each.value, cpu), 0) + each.end - each.start
    cpus = sorted(ran.by_cpu)
    took = ran.took()
    for pid, name in list(zip(ranked, names, strict=True))[:_TASKS_SHOWN]:
        shares = (_percent(on.get((pid, cpu), 0), length) for cpu in cpus)
        yield (name, f"{took[pid] / _US_PER_MS:.1f} ms", _percent(took[pid], length), *shares)
    if len(ranked) > _TASKS_SHOWN:
        rest = sum(took[pid] for pid in ranked[_TASKS_SHOWN:])
        words = f"{len(ranked) - _TASKS_SHOWN} more tasks"
        yield (words, f"{rest / _US_PER_MS:.1f} ms", _percent(rest, length), *("" for _ in cpus))


def queues(
    result: result_pb2.Result, window: Window, shared: Shared, fine: Resolution
) -> Iterator[Chart]:
    """Tasks of each runqueue, and how deep dispatch queues were.

    Raises:
        ValueError: the monitor's numbers are damaged.
    """
    seen = _Seen(result, window)
    running = seen.of("nr_running")
    if running:
        yield _depths("runqueues", "Tasks of each runqueue", running, window, shared, fine)
    local = {name: row for name, row in seen.of("local_dsq").items() if any(_values(row))}
    if local:
        title = "Tasks in each CPU's local dispatch queue"
        yield _depths("local", title, local, window, shared, fine)
    deep = {
        **{f"DSQ {of:#x}": row for of, row in seen.of("user_dsq").items() if any(_values(row))},
        **{f"global, node {of}": row for of, row in seen.of("global_dsq").items()},
    }
    if any(any(_values(row)) for row in deep.values()):
        yield _dsqs(dict(list(deep.items())[:_DSQS_SHOWN]), window, shared, fine)


class _Seen:
    """The monitor's series as stretches."""

    def __init__(self, result: result_pb2.Result, window: Window) -> None:
        self._seen, self._window = result.monitor, window
        self._series = {each.quantity: each for each in self._seen.series}

    def of(self, quantity: str) -> dict[int, list[Stretch]]:
        """By what it is of; nothing where nobody looked."""
        series = self._series.get(quantity)
        if series is None or not self._seen.samples:
            return {}
        rows = rows_of(series.rows, self._seen.samples)
        stretches = self._samples.stretches
        return {of: stretches(row) for of, row in zip(series.of, rows, strict=True)}

    @functools.cached_property
    def _samples(self) -> Samples:
        (at_ns,) = rows_of(self._seen.at_ns, self._seen.samples)
        longest = _PERIODS * (self._seen.period_ns or self._window.end_ns)
        return Samples(at_ns, self._window, longest)


def _depths(
    key: str,
    title: str,
    of_cpus: Mapping[int, Sequence[Stretch]],
    window: Window,
    shared: Shared,
    fine: Resolution,
) -> Chart:
    length = window.length_us
    kept = {cpu: most_there_was(each, length, fine.bins) for cpu, each in of_cpus.items()}
    rows = [(f"CPU {cpu}", *_summary(each)) for cpu, each in sorted(of_cpus.items())]
    notes = ["By the monitor's samples; empty where nobody looked."]
    if any(len(kept[cpu]) < len(of_cpus[cpu]) for cpu in kept):
        part = f"{length / fine.bins / _US_PER_MS:.3g} ms"
        notes.append(f"Each part of {part} shows the most that there was in it.")
    return Chart(
        key=key,
        title=title,
        says=f"{title}, over time. Mean and most: "
        + ", ".join(f"{name} {mean} and {most}" for name, _, mean, most in rows)
        + ".",
        data={
            "kind": "depths",
            **shared,
            "unit": fine.unit,
            "rows": _rows({cpu: flat(each, fine.unit) for cpu, each in kept.items()}),
        },
        columns=("", "least", "mean", "most"),
        rows=rows,
        notes=notes,
    )


def _dsqs(
    deep: Mapping[str, Sequence[Stretch]], window: Window, shared: Shared, fine: Resolution
) -> Chart:
    kept = {name: most_there_was(each, window.length_us, fine.bins) for name, each in deep.items()}
    rows = [(name, *_summary(each)) for name, each in deep.items()]
    return Chart(
        key="dsqs",
        title="Depth of dispatch queues",
        says="Tasks in dispatch queues, over time. Mean and most: "
        + ", ".join(f"{name} {mean} and {most}" for name, _, mean, most in rows)
        + ".",
        data={
            "kind": "steps",
            **shared,
            "unit": fine.unit,
            "series": [
                {"name": name, "numbers": flat(each, fine.unit)} for name, each in kept.items()
            ],
        },
        columns=("dispatch queue", "least", "mean", "most"),
        rows=rows,
    )


def _summary(stretches: Sequence[Stretch]) -> tuple[str, str, str]:
    values = list(_values(stretches))
    if not values:
        return "-", "-", "-"
    weights = [each.end - each.start for each in stretches]
    mean = statistics.fmean(values, weights)
    return str(min(values)), f"{mean:.2f}", str(max(values))


def _values(stretches: Sequence[Stretch]) -> Iterator[int]:
    return (each.value for each in stretches)


def _rows(numbers: Mapping[int, list[int]]) -> list[dict[str, Any]]:
    return [{"of": of, "numbers": row} for of, row in sorted(numbers.items())]


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %"

# SPDX-License-Identifier: Apache-2.0
"""A snapshot for people, and for programs as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence

from ktstr.introspect.snapshot.state import Runqueue, Snapshot, Task

# A report is read: so many waiting tasks are named, the others counted.
_MOST_TASKS = 64
_MOST_NAMES = 12
_MOST_CHARS = 160


def as_json(snapshot: Snapshot) -> str:
    """One object: the fields of `Snapshot` by their names, times in nanoseconds."""
    whole = dataclasses.asdict(snapshot)
    for task in whole["tasks"]:
        del task["address"]
    return json.dumps(whole, indent=1) + "\n"


def as_text(snapshot: Snapshot) -> str:
    """Pages of at most 100 columns: CPUs, DSQs, tasks that run or wait, the others by state."""
    return "\n".join(_lines(snapshot)) + "\n"


def seconds(ns: int) -> str:
    """A time on the guest's clock."""
    return f"{ns // 10**9}.{ns % 10**9:09d} s"


def duration(ns: int) -> str:
    """How long something took, in three digits or so."""
    for unit, size in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if abs(ns) >= size:
            return f"{ns / size:.3g} {unit}" if abs(ns) < 1000 * size else f"{ns // size} {unit}"
    return f"{ns} ns"


def _lines(snapshot: Snapshot) -> Iterator[str]:
    name = f"{snapshot.name!r} " if snapshot.name else ""
    yield f"Snapshot {name}at {seconds(snapshot.at_ns)} of the guest, kernel {snapshot.kernel}"
    yield f"  sched_ext: {extension_words(snapshot)}"
    yield ""
    yield from _table(
        ("CPU", "runs", "class", "tasks", "fair", "ext", "rt", "dl", "local DSQ", "clock"),
        [_runqueue(each, snapshot) for each in snapshot.runqueues if each.online],
    )
    for dsq in snapshot.dsqs:
        if dsq.depth or dsq.tasks:
            yield f"  DSQ {dsq.name}: {dsq.depth} deep: {_names(dsq.tasks, snapshot)}"
    active = [each for each in snapshot.tasks if each.queue or each.state == "running"]
    if active:
        yield ""
        rows = [_task(each) for each in active[:_MOST_TASKS]]
        yield from _table(
            ("pid", "task", "class", "state", "CPU", "waits in", "for", "order"), rows
        )
        if len(active) > _MOST_TASKS:
            yield f"  and {len(active) - _MOST_TASKS} more"
    others: dict[str, int] = {}
    for each in snapshot.tasks:
        if each not in active:
            others[each.state] = others.get(each.state, 0) + 1
    if others:
        yield "  others: " + ", ".join(f"{count} {state}" for state, count in others.items())
    yield from map_lines(snapshot)
    for problem in snapshot.missing:
        yield f"  not read: {problem}"


def map_lines(snapshot: Snapshot) -> Iterator[str]:
    """The maps of the scheduler, an element a line."""
    for (name, key), value in map_elements(snapshot).items():
        yield f"  map {name}[{key}]: {_cut(value)}"


def map_elements(snapshot: Snapshot) -> dict[tuple[str, str], str]:
    """Elements by the names of their maps and their keys; each as JSON."""
    found = {}
    for each in json.loads(snapshot.maps or "[]"):
        for element in each.get("elements", ()):
            key = element.pop("key")
            value = element.get("value", element.get("values"))
            found[each["name"], json.dumps(key)] = json.dumps(value)
    return found


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]}..."


def extension_words(snapshot: Snapshot) -> str:
    """The state of sched_ext in a line."""
    state = snapshot.extension
    if state is None:
        return "this kernel has none, or it could not be read"
    words = state.state + (f", scheduler {state.scheduler!r}" if state.scheduler else "")
    if state.bypass:
        words += ", bypassed"
    if state.exit:
        words += f", failed: {state.exit}"
        words += f" ({state.exit_message})" if state.exit_message else ""
    return words


def _runqueue(each: Runqueue, snapshot: Snapshot) -> tuple[str, ...]:
    counts = (each.nr_running, each.fair, each.ext, each.rt, each.dl)
    runs = "idle" if each.current_class == "idle" else f"{each.current_comm}[{each.current}]"
    behind = f"{duration(each.behind_ns)} behind" if each.behind_ns else "furthest"
    local = _names(each.local, snapshot) if each.local else "-"
    return (str(each.cpu), runs, each.current_class, *map(str, counts), local, behind)


def _task(each: Task) -> tuple[str, ...]:
    order = ""
    if each.lag is not None:
        order = f"lag {duration(each.lag)}"
    elif each.dsq_vtime:
        order = f"vtime {each.dsq_vtime}"
    waited = duration(each.waiting_ns) if each.waiting_ns is not None else ""
    words = (str(each.pid), each.comm, each.policy_class, each.state, str(each.cpu))
    return (*words, each.queue, waited, order)


def _names(pids: Sequence[int], snapshot: Snapshot) -> str:
    by_pid = {each.pid: each.comm for each in snapshot.tasks}
    named = [f"{by_pid.get(pid, '?')}[{pid}]" for pid in pids[:_MOST_NAMES]]
    more = len(pids) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as what is in them; one with nothing in it is left out."""
    all_rows = list(rows)
    used = [i for i in range(len(head)) if any(row[i] for row in all_rows)]
    lines = [[head[i] for i in used], *([row[i] for i in used] for row in all_rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(used))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield ("  " + "  ".join(cells)).rstrip()

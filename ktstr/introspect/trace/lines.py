# SPDX-License-Identifier: Apache-2.0
"""Decisions as JSON lines: one event each, with the names of the tasks that it names."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator

from ktstr.introspect.trace.events import Decisions, Event, Value
from ktstr.introspect.trace.store import Events

# what whoever reads a trace asks of an event of each kind, and which of all values are numbers
_NEEDED = {
    "waking": ("pid", "by"),
    "new": ("pid", "by"),
    "wakeup": ("target",),
    "enqueue": ("class", "target"),
    "dequeue": ("class", "target"),
    "dsq_insert": ("pid", "dsq", "depth"),
    "dsq_remove": ("dsq", "depth"),
    "pick": ("class",),
    "migrate": ("from", "target"),
    "preempt": ("target",),
    "kick": ("target",),
    "switch": ("prev", "next", "state"),
    "op": ("op", "took_ns"),
}
_NUMBERS = ("pid", "prev", "next", "by", "to", "depth")


def lines(decisions: Decisions) -> Iterator[str]:
    """The file's lines: what the trace is first, then each event."""
    about = {
        "cpus": decisions.cpus,
        "events": len(decisions.events),
        "cut": decisions.cut,
        "problem": decisions.problem,
        "lacks": list(decisions.lacks),
        "tasks": {str(pid): name for pid, name in sorted(decisions.names.items())},
    }
    yield json.dumps(about) + "\n"
    templates: dict[tuple[str, tuple[str, ...]], str] = {}
    for at_ns, cpu, what, names, row in decisions.events:
        template = templates.get((what, names))
        if template is None:
            template = templates[what, names] = _template(what, names, row)
        values = [_quoted(value) if isinstance(value, str) else value for value in row]
        yield template % (at_ns, cpu, *values)


def read_lines(text: Iterable[str]) -> Decisions:
    """The trace that these are the lines of.

    Raises:
        ValueError: they are of none.
    """
    read = (json.loads(line) for line in text)
    try:
        about = next(read)
        names = {int(pid): str(name) for pid, name in about["tasks"].items()}
        events = Events(_event(each) for each in read)
        lacks = tuple(map(str, about["lacks"]))
        return Decisions(about["cpus"], events, names, about["cut"], lacks, about["problem"])
    except StopIteration:
        raise ValueError("it is empty") from None
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"a line lacks something: {error}") from error
    except OverflowError as error:
        raise ValueError(f"a line has a number that is too large: {error}") from error


def _event(line: dict[str, Value]) -> Event:
    at_ns, cpu, what = (line.pop(name) for name in ("ns", "cpu", "event"))
    for name in _NEEDED.get(str(what), ()):
        if name not in line:
            raise KeyError(name)
    for name in _NUMBERS:
        if not isinstance(line.get(name, 0), int):
            raise TypeError(f"{name} is {line[name]!r}, which is no number")
    return Event(int(at_ns), int(cpu), str(what), tuple(line), tuple(line.values()))


def _template(what: str, names: tuple[str, ...], row: tuple[Value, ...]) -> str:
    values = zip(names, row, strict=True)
    said = "".join(f',"{name}":%{"s" if isinstance(value, str) else "d"}' for name, value in values)
    return f'{{"ns":%d,"cpu":%d,"event":"{what}"{said}}}\n'


@functools.lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return json.dumps(text)

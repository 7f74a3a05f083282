# SPDX-License-Identifier: Apache-2.0
"""What an rt-app workload says: its JSON (doc/tutorial.txt of rt-app), read and checked.

As workgen of that project does, this takes comments, commas too many, and one event several times
in a phase.  Nothing is left out silently: what cannot be played here is refused.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean

Source = str | os.PathLike[str] | Mapping[str, Any]

# events with a number, with a name, and with an object
_NUMBERS = ("run", "runtime", "sleep", "mem", "iorun")
_NAMES = ("lock", "unlock", "signal", "broad", "barrier", "suspend", "resume", "yield")
_WAITS = ("wait", "sync")
_EVENTS = (*_NUMBERS, *_NAMES, *_WAITS, "timer")
# `run`, `run0`, `timer_1`, `lockA`: what follows the name tells events of a phase apart
_EVENT = re.compile(
    rf"({'|'.join(sorted((*_EVENTS, 'fork'), key=len, reverse=True))})(?:[0-9A-Z_-][\w-]*)?"
)
_SETTINGS = ("policy", "priority", "dl-runtime", "dl-period", "dl-deadline", "cpus", "taskgroup")
_PHASE = ("loop", *_SETTINGS)
_TASK = ("instance", "delay", "phases", *_PHASE)
_TOP = ("global", "tasks", "resources")
# of these a guest needs nothing: it has no swap, and results instead of log files
_OF_LOGS = ("lock_pages", "logdir", "log_basename", "log_size")
_GLOBAL = (
    "duration",
    "calibration",
    "default_policy",
    "pi_enabled",
    "ftrace",
    "gnuplot",
    "io_device",
    "mem_buffer_size",
    "cumulative_slack",
    *_OF_LOGS,
)
_REFUSED = {
    "fork": "tasks are all made at the start here",
    "util_min": "utilization clamping is not switched on in the kernels of guests",
    "util_max": "utilization clamping is not switched on in the kernels of guests",
    "membind_nodes": "memory is bound by a Work's MemPolicy here",
    "nodes_membind": "memory is bound by a Work's MemPolicy here",
    "runtime": "say dl-runtime: it is an event's name, too",
    "period": "say dl-period",
    "deadline": "say dl-deadline",
}
_STRING = r'"(?:\\.|[^"\\])*"'
_COMMENT = re.compile(rf"{_STRING}|/\*.*?\*/|//[^\n]*", re.DOTALL)
_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])")
_BUFFER = 4194304


class _Object(list[tuple[str, Any]]):
    """A JSON object with all its pairs, in their order."""


@dataclass(frozen=True)
class EventDef:
    """An event: `value` us or bytes, `ref` whom it names, `mutex` of a wait.  absolute: a timer."""

    kind: str
    value: int = 0
    ref: str = ""
    mutex: str = ""
    absolute: bool = False


@dataclass(frozen=True)
class Settings:
    """What a task or phase sets; None: nothing."""

    policy: str | None = None
    priority: int | None = None
    dl_runtime: int | None = None
    dl_period: int | None = None
    dl_deadline: int | None = None
    cpus: frozenset[int] | None = None
    taskgroup: str | None = None

    @property
    def schedules(self) -> bool:
        """Whether it says anything of policies."""
        given = (self.policy, self.priority, self.dl_runtime, self.dl_period, self.dl_deadline)
        return any(each is not None for each in given)


@dataclass(frozen=True)
class PhaseDef:
    """A phase, `loop` times (-1: for ever)."""

    name: str
    loop: int
    settings: Settings
    events: tuple[EventDef, ...]


@dataclass(frozen=True)
class TaskDef:
    """A task, of which there are `instances`.  delay: us before it begins."""

    name: str
    instances: int
    delay: int
    loop: int
    settings: Settings
    phases: tuple[PhaseDef, ...]


@dataclass(frozen=True)
class App:
    """A workload.  duration: seconds, None for as long as the test lasts."""

    tasks: tuple[TaskDef, ...]
    duration: int | None = None
    default_policy: str = "SCHED_OTHER"
    buffer_bytes: int = _BUFFER
    cumulative_slack: bool = False


def read_app(source: Source) -> App:
    """The workload of a file, of a JSON text (which has a brace), or of what stands for one.

    Raises:
        UsageError: it cannot be read, is no JSON, or asks for what cannot be played; the place is
            named, and the nearest name for one that is unknown.
    """
    try:
        return _app(_object(_load(source), "it"))
    except UsageError as error:
        raise UsageError(f"rt-app workload: {error}") from error


def _load(source: Source) -> Any:
    if isinstance(source, Mapping):
        return _pairs_of(source)
    text = os.fspath(source)
    if "{" not in text:
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read {text}: {error}") from error
    for extra in (_COMMENT, _COMMA):
        text = extra.sub(lambda found: found[0] if found[0].startswith('"') else " ", text)
    try:
        return json.loads(text, object_pairs_hook=_Object)
    except ValueError as error:
        raise UsageError(f"it is no JSON: {error}") from error


def _pairs_of(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _Object((str(key), _pairs_of(each)) for key, each in value.items())
    return [_pairs_of(each) for each in value] if isinstance(value, list | tuple) else value


def _app(top: _Object) -> App:
    given = _properties(top, _TOP, "it")
    if "tasks" not in given:
        raise UsageError("it has no tasks")
    options = _properties(_object(given.get("global", _Object()), "global"), _GLOBAL, "global")
    _object(given.get("resources", _Object()), "resources")  # rt-app makes them as they are named
    _refuse_options(options)
    tasks = _object(given["tasks"], "tasks")
    _refuse_twice([name for name, _ in tasks], "tasks")
    duration = _number(options.get("duration", -1), "global.duration", -1)
    return App(
        tuple(_task(name, _object(each, f"tasks.{name}")) for name, each in tasks),
        None if duration == -1 else duration,
        _text(options.get("default_policy", "SCHED_OTHER"), "global.default_policy"),
        _number(options.get("mem_buffer_size", _BUFFER), "global.mem_buffer_size", 1),
        _flag(options.get("cumulative_slack", False), "global.cumulative_slack"),
    )


def _refuse_options(options: Mapping[str, Any]) -> None:
    """What a workload may ask for as a whole, and does not get here."""
    calibration = options.get("calibration", "CPU0")
    if not isinstance(calibration, int) and not re.fullmatch(r"CPU\d+", str(calibration)):
        raise UsageError(f"global.calibration is {calibration!r}; expected a CPU or ns per loop")
    for name in _OF_LOGS:
        if isinstance(options.get(name), _Object | list):
            raise UsageError(f"global.{name} is no text, number or truth value")
    for name, none, why in (
        ("pi_enabled", (False,), "mutexes here do not lend priorities"),
        ("gnuplot", (False,), "there are no log files to draw: the result has the figures"),
        ("ftrace", (False, "none"), "events are not written into ftrace"),
        ("io_device", ("/dev/null",), "iorun writes to /dev/null alone; IoSyncWrite uses disks"),
    ):
        if name in options and options[name] not in none:
            raise UsageError(f"global.{name} is {options[name]!r}: {why}")


def _task(name: str, given: _Object) -> TaskDef:
    where = f"tasks.{name}"
    events = [(key, value) for key, value in given if _event_of(key) and not _legacy(key, given)]
    own = _Object(pair for pair in given if pair not in events)
    known = _properties(own, _TASK, where, (*_TASK, *_EVENTS))
    settings = _settings(known, where)
    if "phases" in known and events:
        raise UsageError(f"{where} has phases and the event {events[0][0]!r}; put it into one")
    if "phases" in known:
        phases = _object(known["phases"], f"{where}.phases")
        _refuse_twice([each for each, _ in phases], f"{where}.phases")
        made = [
            _phase(each, _object(body, f"{where}.phases.{each}"), where) for each, body in phases
        ]
    else:
        made = [PhaseDef("", 1, Settings(), _events(events, name, where))]
    if not any(phase.events for phase in made):
        raise UsageError(f"{where} has no event")
    return TaskDef(
        name,
        _number(known.get("instance", 1), f"{where}.instance", 0),
        _number(known.get("delay", 0), f"{where}.delay", 0),
        _number(known.get("loop", -1), f"{where}.loop", -1),
        settings,
        tuple(made),
    )


def _legacy(key: str, given: _Object) -> bool:
    """Whether `runtime` is what a deadline task once had for dl-runtime: nobody can tell."""
    policies = [value for name, value in given if name == "policy"]
    names = [name for name, _ in given]
    return key == "runtime" and policies == ["SCHED_DEADLINE"] and "dl-runtime" not in names


def _phase(name: str, given: _Object, task: str) -> PhaseDef:
    where = f"{task}.phases.{name}"
    events = [(key, value) for key, value in given if _event_of(key)]
    own = _Object(pair for pair in given if not _event_of(pair[0]))
    known = _properties(own, _PHASE, where, (*_PHASE, *_EVENTS))
    return PhaseDef(
        name,
        _number(known.get("loop", 1), f"{where}.loop", -1),
        _settings(known, where),
        _events(events, task.partition(".")[2], where),
    )


def _settings(known: Mapping[str, Any], where: str) -> Settings:
    def number(name: str, least: int) -> int | None:
        return _number(known[name], f"{where}.{name}", least) if name in known else None

    cpus = None
    if "cpus" in known:
        listed = known["cpus"]
        if not isinstance(listed, list) or isinstance(listed, _Object) or not listed:
            raise UsageError(f"{where}.cpus is {listed!r}; expected a list of CPUs")
        cpus = frozenset(_number(each, f"{where}.cpus", 0) for each in listed)
    return Settings(
        _text(known["policy"], f"{where}.policy") if "policy" in known else None,
        number("priority", -20),
        number("dl-runtime", 1),
        number("dl-period", 1),
        number("dl-deadline", 1),
        cpus,
        _text(known["taskgroup"], f"{where}.taskgroup") if "taskgroup" in known else None,
    )


def _events(pairs: Iterable[tuple[str, Any]], task: str, where: str) -> tuple[EventDef, ...]:
    return tuple(_event(key, value, task, f"{where}.{key}") for key, value in pairs)


def _event_of(key: str) -> str:
    """The kind of event that a key is; empty for none."""
    found = _EVENT.fullmatch(key)
    return found[1] if found else ""


def _event(key: str, value: Any, task: str, where: str) -> EventDef:
    kind = _event_of(key)
    if kind == "fork":
        raise UsageError(f"{where}: {_REFUSED['fork']}")
    if kind in _NUMBERS:
        return EventDef(kind, _number(value, where, 0))
    if kind == "timer":
        known = _properties(_object(value, where), ("ref", "period", "mode"), where)
        mode = known.get("mode", "relative")
        if mode not in ("relative", "absolute"):
            raise UsageError(f"{where}.mode is {mode!r}; expected 'relative' or 'absolute'")
        period = _number(known.get("period", 0), f"{where}.period", 0)
        ref = _text(known.get("ref", "unknown"), f"{where}.ref")
        return EventDef(kind, period, ref, absolute=mode == "absolute")
    if kind in _WAITS:
        known = _properties(_object(value, where), ("ref", "mutex"), where)
        ref, mutex = (
            _text(known.get(each, "unknown"), f"{where}.{each}") for each in ("ref", "mutex")
        )
        return EventDef(kind, ref=ref, mutex=mutex)
    name = _text(value, where)
    if kind == "suspend" and not name:
        name = task
    if not name and kind != "yield":
        raise UsageError(f"{where} names nothing")
    return EventDef(kind, ref=name)


def _properties(
    given: _Object, known: tuple[str, ...], where: str, near: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The values by their names, each of which is known and there once."""
    for name, _ in given:
        if name in known:
            continue
        if name in _REFUSED:
            raise UsageError(f"{where}.{name}: {_REFUSED[name]}")
        names = near or known
        raise UsageError(
            f"{where}: unknown key {name!r}{did_you_mean(name, names)}; keys: {', '.join(names)}"
        )
    _refuse_twice([name for name, _ in given], where)
    return dict(given)


def _refuse_twice(names: list[str], where: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{where}: {name!r} is there twice")


def _object(value: Any, where: str) -> _Object:
    if not isinstance(value, _Object):
        raise UsageError(f"{where} is {value!r}; expected an object")
    return value


def _number(value: Any, where: str, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(f"{where} is {value!r}; expected a whole number of at least {least}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{where} is {value!r}; expected a text")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{where} is {value!r}; expected true or false")
    return value

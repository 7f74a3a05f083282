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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.model.validation.ledger import MAX_WORKERS
from ktstr.scenarios.rt_app_values import (
    MOST_BYTES,
    MOST_LOOPS,
    MOST_S,
    MOST_US,
    Object,
    check_name,
    flag,
    number,
    object_of,
    properties,
    refuse_twice,
    shown,
    text,
)

Source = str | os.PathLike[str] | Mapping[str, Any]

# events with a number, with a name, and with an object
_NUMBERS = ("run", "runtime", "sleep", "mem", "iorun")
_SIZES = ("mem", "iorun")
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
_CLAMPS = (
    "no work type sets a utilization clamp; on arm64 a test function may, by cpu.uclamp.min and "
    "cpu.uclamp.max of a cgroup"
)
_REFUSED = {
    "fork": "tasks are all made at the start here",
    "util_min": _CLAMPS,
    "util_max": _CLAMPS,
    "membind_nodes": "memory is bound by a Work's MemPolicy here",
    "nodes_membind": "memory is bound by a Work's MemPolicy here",
    "runtime": "say dl-runtime: it is an event's name, too",
    "period": "say dl-period",
    "deadline": "say dl-deadline",
}
ORIGIN = "rt-app workload"
_STRING = r'"(?:\\.|[^"\\])*"'
_COMMENT = re.compile(rf"{_STRING}|/\*.*?\*/|//[^\n]*", re.DOTALL)
_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])")
_BUFFER = 4194304
_MOST_BUFFER = 1 << 30
# the highest that a mask of the kernel's tools has
MOST_CPU = 1023
# what older versions of rt-app had declared before events named it
_RESOURCE_TYPES = (
    "mutex",
    "wait",
    "signal",
    "broadcast",
    "sync",
    "barrier",
    "suspend",
    "resume",
    "timer",
    "sleep",
    "run",
    "mem",
    "iorun",
)
_RESOURCE = ("type", "target", "mutex")


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
    """A workload.  duration: seconds, None for as long as the test lasts.

    file: where it stands, empty for nowhere.
    """

    tasks: tuple[TaskDef, ...]
    duration: int | None = None
    default_policy: str = "SCHED_OTHER"
    buffer_bytes: int = _BUFFER
    cumulative_slack: bool = False
    file: str = ""


def read_app(source: Source) -> App:
    """The workload of a file, of a JSON text (which has a brace), or of what stands for one.

    Raises:
        UsageError: it cannot be read, is no JSON, or asks for what cannot be played; the place is
            named, and the nearest name for one that is unknown.
    """
    file = _file_of(source)
    try:
        app = _app(object_of(_load(source), "it"))
    except UsageError as error:
        raise UsageError(f"{origin_of(file)}: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{origin_of(file)}: it is nested too deeply, or holds itself") from error
    return replace(app, file=file)


def _file_of(source: Source) -> str:
    """The path of the workload's file; empty where it has none."""
    if isinstance(source, Mapping):
        return ""
    path: object = os.fspath(source) if isinstance(source, os.PathLike) else source
    if not isinstance(path, str):
        raise UsageError(f"{ORIGIN}: {shown(source)} is no path, JSON text or dictionary")
    return "" if "{" in path else path


def origin_of(file: str) -> str:
    """What messages call a workload."""
    return f"{ORIGIN} {file if file.isprintable() else shown(file)}" if file else ORIGIN


def _load(source: Source) -> Any:
    if isinstance(source, Mapping):
        return _pairs_of(source)
    text = os.fspath(source)
    if "{" not in text:
        try:
            text = Path(text).read_text(encoding="utf-8")
        # ValueError: it is no text, or the path none that a file can have
        except (OSError, ValueError) as error:
            raise UsageError(f"it cannot be read: {error}") from error
    for extra in (_COMMENT, _COMMA):
        text = extra.sub(lambda found: found[0] if found[0].startswith('"') else " ", text)
    try:
        return json.loads(text, object_pairs_hook=Object)
    except ValueError as error:
        raise UsageError(f"it is no JSON: {error}") from error


def _pairs_of(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Object((str(key), _pairs_of(each)) for key, each in value.items())
    return [_pairs_of(each) for each in value] if isinstance(value, list | tuple) else value


def _app(top: Object) -> App:
    given = properties(top, _TOP, "it")
    if "tasks" not in given:
        raise UsageError("it has no tasks")
    options = properties(object_of(given.get("global", Object()), "global"), _GLOBAL, "global")
    _check_resources(object_of(given.get("resources", Object()), "resources"))
    _refuse_options(options)
    tasks = object_of(given["tasks"], "tasks")
    refuse_twice([name for name, _ in tasks], "tasks")
    duration = number(options.get("duration", -1), "global.duration", -1, MOST_S)
    return App(
        tuple(_task(name, each) for name, each in tasks),
        None if duration == -1 else duration,
        text(options.get("default_policy", "SCHED_OTHER"), "global.default_policy"),
        number(options.get("mem_buffer_size", _BUFFER), "global.mem_buffer_size", 1, _MOST_BUFFER),
        flag(options.get("cumulative_slack", False), "global.cumulative_slack"),
    )


def _check_resources(resources: Object) -> None:
    """What is declared has no effect: rt-app makes resources as they are named."""
    refuse_twice([name for name, _ in resources], "resources")
    for name, declared in resources:
        check_name(name, "resources")
        where = f"resources.{name}"
        known = properties(object_of(declared, where), _RESOURCE, where)
        for key, value in known.items():
            text(value, f"{where}.{key}")
        kind = known.get("type", "mutex")
        if kind not in _RESOURCE_TYPES:
            near = did_you_mean(kind, _RESOURCE_TYPES)
            raise UsageError(
                f"{where}.type is {shown(kind)}{near}; types: {', '.join(_RESOURCE_TYPES)}"
            )


def _refuse_options(options: Mapping[str, Any]) -> None:
    """What a workload may ask for as a whole, and does not get here."""
    calibration = options.get("calibration", "CPU0")
    if isinstance(calibration, bool) or not isinstance(calibration, int | str):
        calibration = [calibration]
    ns = isinstance(calibration, int) and calibration > 0
    if not ns and not re.fullmatch(r"CPU[0-9]{1,4}", str(calibration)):
        raise UsageError(
            f"global.calibration is {shown(calibration)}; expected a CPU or ns per loop"
        )
    for name in _OF_LOGS:
        if isinstance(options.get(name), Object | list):
            raise UsageError(f"global.{name} is no text, number or truth value")
    for name, none, why in (
        ("pi_enabled", (False,), "mutexes here do not lend priorities"),
        ("gnuplot", (False,), "there are no log files to draw: the result has the figures"),
        ("ftrace", (False, "none"), "events are not written into ftrace"),
        ("io_device", ("/dev/null",), "iorun writes to /dev/null alone; IoSyncWrite uses disks"),
    ):
        if name in options and options[name] not in none:
            raise UsageError(f"global.{name} is {shown(options[name])}: {why}")


def _task(name: str, given: Any) -> TaskDef:
    check_name(name, "tasks")
    where = f"tasks.{name}"
    given = object_of(given, where)
    events = [(key, value) for key, value in given if _event_of(key) and not _legacy(key, given)]
    own = Object(pair for pair in given if pair not in events)
    known = properties(own, _TASK, where, (*_TASK, *_EVENTS), _REFUSED.get)
    settings = _settings(known, where)
    if "phases" in known and events:
        raise UsageError(f"{where} has phases and the event {events[0][0]!r}; put it into one")
    if "phases" in known:
        phases = object_of(known["phases"], f"{where}.phases")
        refuse_twice([each for each, _ in phases], f"{where}.phases")
        made = [_phase(each, body, where) for each, body in phases]
    else:
        made = [PhaseDef("", 1, Settings(), _events(events, name, where))]
    if not any(phase.events for phase in made):
        raise UsageError(f"{where} has no event")
    return TaskDef(
        name,
        number(known.get("instance", 1), f"{where}.instance", 0, MAX_WORKERS),
        number(known.get("delay", 0), f"{where}.delay", 0, MOST_US),
        number(known.get("loop", -1), f"{where}.loop", -1, MOST_LOOPS),
        settings,
        tuple(made),
    )


def _legacy(key: str, given: Object) -> bool:
    """Whether `runtime` is what a deadline task once had for dl-runtime: nobody can tell."""
    policies = [value for name, value in given if name == "policy"]
    names = [name for name, _ in given]
    return key == "runtime" and policies == ["SCHED_DEADLINE"] and "dl-runtime" not in names


def _phase(name: str, given: Any, task: str) -> PhaseDef:
    check_name(name, f"{task}.phases")
    where = f"{task}.phases.{name}"
    given = object_of(given, where)
    events = [(key, value) for key, value in given if _event_of(key)]
    own = Object(pair for pair in given if not _event_of(pair[0]))
    known = properties(own, _PHASE, where, (*_PHASE, *_EVENTS), _REFUSED.get)
    return PhaseDef(
        name,
        number(known.get("loop", 1), f"{where}.loop", -1, MOST_LOOPS),
        _settings(known, where),
        _events(events, task.partition(".")[2], where),
    )


def _settings(known: Mapping[str, Any], where: str) -> Settings:
    def within(name: str, least: int, most: int) -> int | None:
        return number(known[name], f"{where}.{name}", least, most) if name in known else None

    cpus = None
    if "cpus" in known:
        listed = known["cpus"]
        if not isinstance(listed, list) or isinstance(listed, Object) or not listed:
            raise UsageError(f"{where}.cpus is {shown(listed)}; expected a list of CPUs")
        cpus = frozenset(number(each, f"{where}.cpus", 0, MOST_CPU) for each in listed)
    return Settings(
        text(known["policy"], f"{where}.policy") if "policy" in known else None,
        within("priority", -20, 99),
        within("dl-runtime", 1, MOST_US),
        within("dl-period", 1, MOST_US),
        within("dl-deadline", 1, MOST_US),
        cpus,
        text(known["taskgroup"], f"{where}.taskgroup") if "taskgroup" in known else None,
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
        most = MOST_BYTES if kind in _SIZES else MOST_US
        return EventDef(kind, number(value, where, 0, most))
    if kind == "timer":
        known = properties(object_of(value, where), ("ref", "period", "mode"), where)
        mode = known.get("mode", "relative")
        if mode not in ("relative", "absolute"):
            raise UsageError(f"{where}.mode is {shown(mode)}; expected 'relative' or 'absolute'")
        period = number(known.get("period", 0), f"{where}.period", 0, MOST_US)
        ref = text(known.get("ref", "unknown"), f"{where}.ref")
        return EventDef(kind, period, ref, absolute=mode == "absolute")
    if kind in _WAITS:
        known = properties(object_of(value, where), ("ref", "mutex"), where)
        ref, mutex = (
            text(known.get(each, "unknown"), f"{where}.{each}") for each in ("ref", "mutex")
        )
        return EventDef(kind, ref=ref, mutex=mutex)
    name = text(value, where)
    if kind == "suspend" and not name:
        name = task
    if not name and kind != "yield":
        raise UsageError(f"{where} names nothing")
    return EventDef(kind, ref=name)

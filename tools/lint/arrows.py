# SPDX-License-Identifier: Apache-2.0
"""What a room of the product may not import: arrows.py FILE..., with all files of a house.

The rooms and their arrows stand in docs/design.md, which a test compares with the table here.
Those between rooms of `ktstr` keep a result apart from what made it: a saved one can be rendered,
and a saved run read back, by programs that know no judge. And they keep Bazel out of what runs a
plan: only the runner knows runfiles, and a test's variables. Those inside a house say which of its
rooms lies below which.

import-linter does not do it: its contracts forbid, and do not find an arrow that is drawn and that
nobody takes; and the page would have to be compared with them all the same.
"""

import ast
import graphlib
import itertools
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# what is not ours -> the one room that may import it: paths come from there
_ONLY_IN = {"runfiles": "ktstr.runner"}
# what is shipped to guests and users needs no program of a build
_NOT_OURS = ("tests", "tools")
_RELATIVE = "by a relative name"
_PACKAGE, _LANGUAGE = "ktstr", "language"

# house -> each of its rooms -> the rooms of it that this one may import.  A room is a folder, or a
# file that lies beside the folders; a folder in a room's folder may be a room of its own.
ROOMS: dict[str, dict[str, tuple[str, ...]]] = {
    "ktstr": {
        "model": (),
        "host": (),
        "console": (),
        "initramfs": ("model",),
        "metric": ("model",),
        "guest": ("model",),
        "api": ("guest", "model"),
        "store": ("model",),
        "introspect": ("model",),
        "vm": ("console", "host", "initramfs", "model"),
        "machine": ("host", "initramfs", "model", "vm"),
        "machine.prepared": ("host", "initramfs", "machine", "model", "store", "vm"),
        "result": ("model",),
        "record": ("console", "host", "introspect", "model", "result"),
        "judge": ("console", "host", "introspect", "model", "record"),
        "result.make": ("host", "introspect", "judge", "model", "record", "result"),
        "report": ("console", "model", "result"),
        "after": ("api", "judge", "model", "record"),
        "execute": (
            "console",
            "host",
            "initramfs",
            "introspect",
            "judge",
            "machine",
            "machine.prepared",
            "model",
            "record",
            "vm",
        ),
        "fuzz": ("model",),
        "runner": (
            "after",
            "api",
            "execute",
            "fuzz",
            "host",
            "initramfs",
            "introspect",
            "judge",
            "machine",
            "machine.prepared",
            "model",
            "record",
            "report",
            "result.make",
            "vm",
        ),
        "rejudge": ("after", "console", "judge", "model", "record", "result", "result.make"),
        "history": ("model", "result"),
        "compare": ("history", "judge", "model", "result"),
        "delta": ("compare", "history", "model", "result"),
        "page": ("compare", "history", "model", "report", "result"),
        "command": (
            "compare",
            "console",
            "delta",
            "fuzz",
            "guest",
            "history",
            "introspect",
            "model",
            "page",
            "record",
            "rejudge",
            "report",
            "result",
            "store",
        ),
        "language": ("api", "metric", "model"),
        "scenarios": ("language", "model"),
    },
    "ktstr.model": {
        "enable_state": (),
        "errors": (),
        "codec": ("errors",),
        "exit_kind": (),
        "exit_status": (),
        "function_end": (),
        "histogram": (),
        "nearest": (),
        "ops_name": (),
        "output": (),
        "parameters": (),
        "machine": ("errors", "parameters"),
        "payload": ("errors",),
        "payload_run": ("errors", "payload"),
        "scheduler_phase": (),
        "seeds": (),
        "start": ("codec", "errors"),
        "wire": ("errors", "histogram", "parameters"),
        "verdict": ("errors", "nearest", "payload", "wire"),
        "work": ("errors", "machine", "parameters"),
        "scenario": ("errors", "machine", "parameters", "payload", "verdict", "work"),
        "facts": (
            "function_end",
            "histogram",
            "payload",
            "scenario",
            "scheduler_phase",
            "verdict",
            "wire",
        ),
        "metrics": ("facts", "output", "payload"),
        "payload_checks": ("facts", "payload"),
        "plan": ("codec", "machine", "payload", "scenario", "verdict"),
        "validation": (
            "codec",
            "errors",
            "machine",
            "payload",
            "payload_run",
            "plan",
            "scenario",
            "verdict",
            "wire",
            "work",
        ),
    },
    "ktstr.guest": {
        "exit_record": (),
        "source": (),
        "system": (),
        "command": ("system",),
        "disks": ("system",),
        "observers": ("system",),
        "payload": ("system",),
        "scheduler": ("exit_record", "system"),
        "workers": ("source", "system"),
        "scenario": ("observers", "payload", "scheduler", "system", "workers"),
        "function": (
            "observers",
            "payload",
            "scenario",
            "scheduler",
            "source",
            "system",
            "workers",
        ),
        "shell": ("scenario", "system"),
        "agent": (
            "command",
            "disks",
            "function",
            "observers",
            "payload",
            "scenario",
            "scheduler",
            "shell",
            "system",
        ),
        "start": ("agent", "observers", "scheduler", "system"),
        "boot": ("agent", "start", "system"),
    },
    "ktstr.vm": {
        "deadlines": (),
        "events": ("deadlines",),
        "ending": ("deadlines", "events"),
        "follower": (),
        "process": (),
        "qemu": (),
        "disk": ("process", "qemu"),
        "command": ("disk", "qemu"),
        "kvm": ("follower", "process", "qemu"),
        "probing": (),
        "qmp": (),
        "registers": (),
        "saved": ("command", "qemu", "qmp"),
        "rundir": ("command", "disk", "saved"),
        "signals": (),
        "vcpus": (),
        "vm": (
            "command",
            "deadlines",
            "disk",
            "events",
            "follower",
            "probing",
            "process",
            "qmp",
            "rundir",
            "saved",
            "signals",
            "vcpus",
        ),
        "sampling": ("vcpus", "vm"),
        "save": ("command", "events", "saved", "signals", "vm"),
        "artifact": ("save", "saved"),
    },
    "ktstr.command": {
        "context": (),
        "completion": ("context",),
        "topology": ("context",),
        "history": ("context",),
        "outputs": ("context", "history"),
        "workspace": ("context", "history", "outputs"),
        "parser": ("completion", "history", "outputs", "topology", "workspace"),
        "main": ("context", "parser"),
    },
    "ktstr.introspect": {
        "kernel": (),
        "memory": (),
        "plugin": ("kernel",),
        "debugger": ("kernel", "memory", "snapshot"),
        "invariants": ("kernel", "memory", "plugin", "postmortem", "snapshot"),
        "asking": ("debugger", "invariants", "kernel", "memory", "plugin", "snapshot"),
        "snapshot": ("kernel", "memory"),
        "postmortem": ("debugger", "kernel", "memory", "plugin", "snapshot"),
        "monitor": ("invariants", "kernel", "memory", "plugin"),
        "occasions": (
            "asking",
            "invariants",
            "kernel",
            "monitor",
            "plugin",
            "postmortem",
            "snapshot",
        ),
        "trace": ("kernel", "monitor", "plugin"),
        "costs": ("kernel", "plugin", "trace"),
        "coverage": ("debugger", "kernel", "memory", "plugin", "snapshot", "trace"),
        "replay": (
            "debugger",
            "invariants",
            "kernel",
            "memory",
            "plugin",
            "postmortem",
            "snapshot",
            "trace",
        ),
        "gdb": ("instant", "memory", "plugin", "snapshot"),
        "instant": (
            "debugger",
            "kernel",
            "memory",
            "plugin",
            "postmortem",
            "snapshot",
            "trace",
        ),
    },
    "ktstr.judge": {
        "after": (),
        "numbers": (),
        "lives": (),
        "workers": (),
        "scheduler": ("lives",),
        "run": ("scheduler", "workers"),
        "blame": ("run", "scheduler", "workers"),
        "checks": ("blame", "numbers", "workers"),
        "statistics": ("checks", "numbers", "workers"),
        "figures": ("statistics",),
        "claim_result": (),
        "series": ("claim_result",),
        "claims": ("claim_result", "figures", "scheduler", "series", "statistics"),
        "relative": ("blame", "checks", "numbers", "workers"),
        "judgement": ("after", "checks", "claim_result", "relative", "statistics"),
        "verdict": ("blame", "checks", "relative", "run", "scheduler", "workers"),
        "judge": (
            "blame",
            "checks",
            "claims",
            "judgement",
            "lives",
            "relative",
            "run",
            "scheduler",
            "statistics",
            "verdict",
            "workers",
        ),
    },
}


def main(arguments: list[str]) -> int:
    """Prints one line for each finding; returns 1 when there are any."""
    texts = {name: Path(name).read_text(encoding="utf-8") for name in arguments}
    findings = [finding for name, text in texts.items() for finding in check(name, text)]
    findings += [finding for house in ROOMS for finding in check_house(house, texts)]
    for finding in findings:
        print(finding)
    return int(bool(findings))


def check(name: str, text: str) -> Iterator[str]:
    """Yields findings for one file, as NAME:LINE: what is imported that may not be."""
    module = module_of(name)
    inside = [(house, room) for house in ROOMS if (room := _room(module, house))]
    if not inside:
        return
    for house, room in inside:
        if room not in ROOMS[house]:
            yield f"{name}:1: {house} has no room {room}; give it one in tools/lint/arrows.py"
    for line, imported in imports(ast.parse(text)):
        only = _ONLY_IN.get(imported.partition(".")[0], "")
        foreign = imported.partition(".")[0] in _NOT_OURS
        if imported == _RELATIVE or foreign or (only and not _is_in(module, only)):
            yield f"{name}:{line}: {module} may not import {imported}; see docs/design.md"
        for house, room in inside:
            target = _target(imported, house)
            if target in ROOMS[house] and target not in (room, *ROOMS[house].get(room, ())):
                yield f"{name}:{line}: {house}.{room} may not import {imported}; see docs/design.md"


def check_house(house: str, texts: Mapping[str, str]) -> Iterator[str]:
    """Yields a circle between a house's rooms, and what may be imported and is not.

    `texts` are all files of the house by their names, and may be more.
    """
    taken: dict[str, dict[str, str]] = {}
    for name, text in texts.items():
        room = _room(module_of(name), house)
        if room:
            for line, imported in imports(ast.parse(text)):
                target = _target(imported, house)
                if target in ROOMS[house] and target != room:
                    taken.setdefault(room, {}).setdefault(target, f"{name}:{line}")
    try:
        graphlib.TopologicalSorter(taken).prepare()
    except graphlib.CycleError as error:
        circle = list(reversed(error.args[1]))  # it comes as imported before importer
        places = (taken[one][other] for one, other in itertools.pairwise(circle))
        yield f"{house}: a circle of rooms: {' -> '.join(circle)} ({', '.join(places)})"
    for room, targets in ROOMS[house].items():
        for target in targets:
            if target not in taken.get(room, {}):
                yield f"{house}.{room} may import {target} and does not; see tools/lint/arrows.py"


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of whatever is imported, wherever it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            # where that leads depends on the file: nothing here is written so
            yield node.lineno, _RELATIVE
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            # what is imported from a room may be a room itself
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def module_of(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _room(module: str, house: str) -> str:
    """The room of a house that a module is in; empty for what is in none."""
    if not module.startswith(f"{house}."):
        return ""
    inside = module.removeprefix(f"{house}.")
    known = [room for room in ROOMS[house] if _is_in(inside, room)]
    return max(known, key=len, default=inside.partition(".")[0])


def _target(imported: str, house: str) -> str:
    """The room that an import leads to: names of `ktstr` itself are those of its language."""
    if imported == _PACKAGE == house:
        return _LANGUAGE
    room = _room(imported, house)
    return _LANGUAGE if house == _PACKAGE and room and room not in ROOMS[house] else room


def _is_in(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

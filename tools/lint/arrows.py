# SPDX-License-Identifier: Apache-2.0
"""What a room of the product may not import: arrows.py FILE..., with all files of a house.

The rooms and their arrows are drawn in docs/design.md. Those between houses keep a result apart
from what made it: a saved one can be rendered, and a saved run read back, by programs that know no
judge. And they keep Bazel out of what runs a plan: only the runner knows runfiles, and a test's
variables. Those inside a house say which of its rooms lies below which.
"""

import ast
import graphlib
import itertools
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# What comes after a run, the lowest first.
_RESULTS = ("ktstr.judge", "ktstr.result", "ktstr.report")
# What a run needs, the lowest first.
_RUNS = ("ktstr.vm", "ktstr.machine", "ktstr.execute", "ktstr.runner")
# What a run needs none of: guests bring their own, and paths come from the runner.
_APART = ("ktstr.record", "ktstr.guest", "runfiles")

# What knows nobody, and what may know that alone.
_GROUND = ("ktstr.console", "ktstr.host", "ktstr.model")
_UPSTAIRS = (
    *("ktstr.api", "ktstr.language", "ktstr.metric", "ktstr.scenarios"),
    *("ktstr.guest", "ktstr.initramfs", "ktstr.record", "ktstr.store"),
    *(*_RUNS, *_RESULTS),
)

# room -> what neither it nor anything below it may import, with all that is below that: there
# neighbours import each other
_MAY_NOT: dict[str, tuple[str, ...]] = {
    "ktstr.console": (*_GROUND, *_UPSTAIRS),
    "ktstr.host": (*_GROUND, *_UPSTAIRS),
    "ktstr.model": (*_GROUND, *_UPSTAIRS),
    "ktstr.initramfs": (*_UPSTAIRS, "runfiles"),
    "ktstr.guest": ("ktstr.console", "ktstr.host", "ktstr.initramfs", *_RUNS, *_RESULTS),
    "ktstr.store": (*_RUNS, *_RESULTS, *_APART),
    "ktstr.vm": (*_RUNS[1:], *_RESULTS, *_APART),
    "ktstr.machine": ("ktstr.machine.prepared", *_RUNS[2:], *_RESULTS, *_APART),
    "ktstr.execute": (*_RUNS[3:], *_RESULTS[1:], "ktstr.guest", "runfiles"),
    "ktstr.record": (*_RUNS, "ktstr.judge", "ktstr.result.make", "ktstr.report"),
    "ktstr.judge": (*_RUNS, *_RESULTS[1:]),
    "ktstr.result": ("ktstr.result.make", *_RUNS, "ktstr.report"),
    "ktstr.report": (*_RUNS, "ktstr.judge", "ktstr.record", "ktstr.result.make"),
    # what is shipped to guests and users needs no program of a build
    "ktstr": ("tests", "tools"),
}
_RELATIVE = "by a relative name"


# house -> each of its rooms -> the rooms of it that this one may import.  A room is a folder, or a
# file that lies beside the folders.
ROOMS: dict[str, dict[str, tuple[str, ...]]] = {
    "ktstr.judge": {
        "numbers": (),
        "lives": (),
        "workers": (),
        "scheduler": ("lives",),
        "run": ("scheduler", "workers"),
        "blame": ("run", "scheduler", "workers"),
        "checks": ("blame", "numbers", "workers"),
        "statistics": ("checks", "numbers", "workers"),
        "figures": ("statistics",),
        "claims": ("figures", "scheduler", "statistics"),
        "relative": ("blame", "checks", "numbers", "workers"),
        "judgement": ("checks", "claims", "relative", "statistics"),
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
    "ktstr.guest": {
        "exit_record": (),
        "source": (),
        "system": (),
        "command": ("system",),
        "disks": ("system",),
        "observers": ("system",),
        "payload": ("system",),
        "scheduler": (
            "exit_record",
            "system",
        ),
        "workers": (
            "source",
            "system",
        ),
        "scenario": (
            "observers",
            "payload",
            "scheduler",
            "system",
            "workers",
        ),
        "function": (
            "observers",
            "payload",
            "scenario",
            "scheduler",
            "source",
            "system",
            "workers",
        ),
        "shell": (
            "scenario",
            "system",
        ),
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
        "start": (
            "agent",
            "observers",
            "system",
        ),
        "boot": (
            "agent",
            "start",
            "system",
        ),
    },
    "ktstr.vm": {
        "deadlines": (),
        "events": ("deadlines",),
        "ending": (
            "deadlines",
            "events",
        ),
        "follower": (),
        "process": (),
        "qemu": (),
        "disk": (
            "process",
            "qemu",
        ),
        "command": (
            "disk",
            "qemu",
        ),
        "kvm": (
            "follower",
            "process",
            "qemu",
        ),
        "qmp": (),
        "saved": (
            "command",
            "qemu",
            "qmp",
        ),
        "rundir": (
            "command",
            "disk",
            "saved",
        ),
        "signals": (),
        "vcpus": (),
        "vm": (
            "command",
            "deadlines",
            "disk",
            "events",
            "follower",
            "process",
            "qmp",
            "rundir",
            "saved",
            "signals",
            "vcpus",
        ),
        "sampling": (
            "vcpus",
            "vm",
        ),
        "save": (
            "command",
            "events",
            "saved",
            "signals",
            "vm",
        ),
        "artifact": (
            "save",
            "saved",
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
    module = _module(name)
    above = [room for room in _MAY_NOT if _is_in(module, room)]
    inside = [(house, room) for house in ROOMS if (room := _room(module, house))]
    if not above and not inside:
        return
    for house, room in inside:
        if room not in ROOMS[house]:
            yield f"{name}:1: {house} has no room {room}; give it one in tools/lint/arrows.py"
    for line, imported in _imports(ast.parse(text)):
        for room in above:
            if any(_goes_up(module, imported, each) for each in _MAY_NOT[room]):
                yield f"{name}:{line}: {room} may not import {imported}; see docs/design.md"
                break
        for house, room in inside:
            target = _room(imported, house)
            if target not in ("", room, *ROOMS[house].get(room, ())):
                yield f"{name}:{line}: {house}.{room} may not import {imported}; see docs/design.md"


def check_house(house: str, texts: Mapping[str, str]) -> Iterator[str]:
    """Yields a circle between a house's rooms, and what may be imported and is not.

    `texts` are all files of the house by their names, and may be more.
    """
    taken: dict[str, dict[str, str]] = {}
    for name, text in texts.items():
        room = _room(_module(name), house)
        if room:
            for line, imported in _imports(ast.parse(text)):
                target = _room(imported, house)
                if target not in ("", room):
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


def _goes_up(module: str, imported: str, room: str) -> bool:
    """Whether `room` is imported from, or may be, by what does not lie in it."""
    return imported == _RELATIVE or (_is_in(imported, room) and not _is_in(module, room))


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
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


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _room(module: str, house: str) -> str:
    """The room of a house that a module is in; empty for what is in none."""
    if not module.startswith(f"{house}."):
        return ""
    return module.removeprefix(f"{house}.").partition(".")[0]


def _is_in(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

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

from tools.lint.rooms import ROOMS

# what is not ours -> the one room that may import it: paths come from there
_ONLY_IN = {"runfiles": "ktstr.runner"}
# what is shipped to guests and users needs no program of a build
_NOT_OURS = ("tests", "tools")
_RELATIVE = "by a relative name"
_PACKAGE, _LANGUAGE = "ktstr", "language"


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
            yield f"{name}:1: {house} has no room {room}; give it one in tools/lint/rooms.py"
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
                yield f"{house}.{room} may import {target} and does not; see tools/lint/rooms.py"


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

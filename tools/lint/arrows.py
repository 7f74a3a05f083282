# SPDX-License-Identifier: Apache-2.0
"""What a room of the product may not import: arrows.py FILE...

The rooms and their arrows are drawn in docs/design.md. Those here keep a result apart from what
made it: a saved one can be rendered, and a saved run read back, by programs that know no judge.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

# room -> what neither it nor anything below it may import, with all that is below that
_MAY_NOT: dict[str, tuple[str, ...]] = {
    "ktstr.record": (
        "ktstr.judge",
        "ktstr.result.make",
        "ktstr.report",
        "ktstr.runner",
        "ktstr.vm",
    ),
    "ktstr.judge": ("ktstr.result", "ktstr.report", "ktstr.runner", "ktstr.vm"),
    "ktstr.result": ("ktstr.report", "ktstr.runner", "ktstr.vm"),
    "ktstr.report": (
        "ktstr.judge",
        "ktstr.record",
        "ktstr.result.make",
        "ktstr.runner",
        "ktstr.vm",
    ),
}
_RELATIVE = "by a relative name"


def main(arguments: list[str]) -> int:
    """Prints one line for each finding; returns 1 when there are any."""
    texts = {name: Path(name).read_text(encoding="utf-8") for name in arguments}
    findings = [finding for name, text in texts.items() for finding in check(name, text)]
    for finding in findings:
        print(finding)
    return int(bool(findings))


def check(name: str, text: str) -> Iterator[str]:
    """Yields findings for one file, as NAME:LINE: what is imported that may not be."""
    module = name.removesuffix(".py").replace("/", ".")
    rooms = [room for room in _MAY_NOT if _is_in(module, room)]
    if not rooms:
        return
    for line, imported in _imports(ast.parse(text)):
        for room in rooms:
            if imported == _RELATIVE or any(_is_in(imported, each) for each in _MAY_NOT[room]):
                yield f"{name}:{line}: {room} may not import {imported}; see docs/design.md"


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


def _is_in(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

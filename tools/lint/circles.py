# SPDX-License-Identifier: Apache-2.0
"""No two modules of the product import each other, by however many steps: circles.py FILE...

Imports count wherever they stand, in functions and for type checkers, too: who reads one module of
a circle must read them all.
"""

import ast
import itertools
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.lint import arrows

_PACKAGE = "ktstr"

# importer -> imported -> FILE:LINE of the first such import
Graph = dict[str, dict[str, str]]


def main(arguments: list[str]) -> int:
    """Prints one line for each finding; returns 1 when there are any."""
    texts = {name: Path(name).read_text(encoding="utf-8") for name in arguments}
    findings = list(check(texts))
    for finding in findings:
        print(finding)
    return int(bool(findings))


def check(texts: Mapping[str, str]) -> Iterator[str]:
    """Yields the circles; `texts` are all files of the product by their names, and may be more."""
    graph = _graph(texts)
    told: set[str] = set()
    for module in sorted(graph):
        circle = _circle(graph, module)
        if circle and told.isdisjoint(circle):
            told.update(circle)
            places = (graph[one][other] for one, other in itertools.pairwise(circle))
            yield f"a circle of modules: {' -> '.join(circle)} ({', '.join(places)})"


def _graph(texts: Mapping[str, str]) -> Graph:
    modules = {arrows.module_of(name): name for name in texts if name.startswith(f"{_PACKAGE}/")}
    graph: Graph = {module: {} for module in modules}
    for module, name in modules.items():
        for line, imported in arrows.imports(ast.parse(texts[name])):
            target = imported if imported in modules else imported.rpartition(".")[0]
            if target in modules and target != module:
                graph[module].setdefault(target, f"{name}:{line}")
    return graph


def _circle(graph: Graph, module: str) -> list[str]:
    """The shortest way from a module along its imports to itself, both ends named; or nothing."""
    ways = [[module]]
    seen: set[str] = set()
    for way in ways:  # grows meanwhile
        for imported in graph.get(way[-1], ()):
            if imported == module:
                return [*way, module]
            if imported not in seen:
                seen.add(imported)
                ways.append([*way, imported])
    return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

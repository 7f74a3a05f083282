# SPDX-License-Identifier: Apache-2.0
"""The test functions of a source file, read without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

# The defaults of ktstr.scenario and ktstr.test.
_DURATION_S = 1.0
_WORKERS = 2

_DECORATORS = {"scenario": False, "test": True}


@dataclass(frozen=True)
class Function:
    """A decorated function; values that the file does not write out have their defaults."""

    name: str
    in_guest: bool = False
    duration_s: float = _DURATION_S
    workers_per_cgroup: int = _WORKERS
    expect_fail: bool = False


def functions_of(text: str) -> tuple[Function, ...]:
    """The functions with @scenario(...) or @test(...), in order; none where it is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ()
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            calls = [each for each in node.decorator_list if isinstance(each, ast.Call)]
            found += [_function(node.name, each) for each in calls if _name(each) in _DECORATORS]
    return tuple(found)


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _function(name: str, call: ast.Call) -> Function:
    given = {each.arg: each.value for each in call.keywords if each.arg}
    return Function(
        name=name,
        in_guest=_DECORATORS[_name(call)],
        duration_s=_number(given.get("duration"), _DURATION_S),
        workers_per_cgroup=int(_number(given.get("workers_per_cgroup"), _WORKERS)),
        expect_fail="expect_fail" in given,
    )


def _number(node: ast.expr | None, default: float) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    return default

# SPDX-License-Identifier: Apache-2.0
"""The child process of discovery: imports the author's modules and calls their scenarios.

It runs apart because that is the author's code: it may loop, exit, fork or print without end.
argv[1] is the request, argv[2] a descriptor for the answer: JSON lines, each `{"at": text}` (what
is being done, so that a deadline can name it), `{"error": text}` or `{"answer": Discovery}`.
argv[3] is a descriptor for the stack that SIGUSR1 asks for.
"""

from __future__ import annotations

import ast
import dataclasses
import faulthandler
import importlib.util
import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator
from inspect import signature
from types import ModuleType
from typing import TextIO

from ktstr.api import Declaration, declaration_of
from ktstr.execute.source import Source
from ktstr.model.codec import decode, encode
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.nearest import did_you_mean
from ktstr.model.scenario.scenario import Scenario
from ktstr.model.validation.own_work import check_python_work
from ktstr.runner.cases.case import Case, Discovery, DiscoveryRequest
from ktstr.runner.cases.hidden_modules import hidden_file, meant_otherwise, words
from ktstr.runner.cases.selection import Selection, Shard

# CPython's words for `from ktstr import NAME`
_NOT_OURS = re.compile(r"cannot import name '(\w+)' from 'ktstr'")


def main(argv: list[str]) -> int:
    """Answers one request."""
    request = decode(DiscoveryRequest, json.loads(argv[1]))
    faulthandler.register(signal.SIGUSR1, file=int(argv[3]), all_threads=False)
    with os.fdopen(int(argv[2]), "w", encoding="utf-8") as answer:
        try:
            key, value = "answer", encode(_discover(request, answer))
        except UsageError as error:
            key, value = "error", str(error)
        # The answer comes last: what was printed belongs to it.
        sys.stdout.flush()
        sys.stderr.flush()
        _tell(answer, key, value)
    return 0


def _discover(request: DiscoveryRequest, answer: TextIO) -> Discovery:
    found: dict[str, tuple[Source, Declaration]] = {}
    # behind all else, as in the guest: no file of the author's hides the standard library
    path = [*sys.path, *request.import_roots]
    for source in request.sources:
        sys.path[:] = [*path, os.path.dirname(source.path)]
        _tell(answer, "at", f"importing {source.name}")
        for declaration in _tests_of(_import(source), source):
            other = found.setdefault(declaration.name, (source, declaration))
            if other[1] is not declaration:
                raise UsageError(
                    f"{_place(source, declaration)}: test {declaration.name} is declared twice, "
                    f"first at {_place(*other)}; every VM's results are filed under its name: "
                    f"rename one"
                )
    if not found:
        raise UsageError(
            f"no test in {', '.join(source.name for source in request.sources)}; "
            f"decorate a function with @ktstr.scenario() or @ktstr.test()"
        )
    selection = Selection(request.pattern, Shard(request.shard_index, request.shard_total))
    view = TopologyView.of(Topology.parse(request.topology, request.numa))
    cases = []
    for name in selection.of(tuple(found)):
        sys.path[:] = [*path, os.path.dirname(found[name][0].path)]
        _tell(answer, "at", f"calling {name}, {_place(*found[name])}")
        cases.append(_case(*found[name], view, request.seed))
    return Discovery(tuple(found), tuple(cases))


def _import(source: Source) -> ModuleType:
    name = _module_name(source)
    spec = importlib.util.spec_from_file_location(name, source.path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{source.name}: no Python module (a .py file is expected)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raise UsageError(_blame(error, source, "while it was imported")) from error
    return module


def _module_name(source: Source) -> str:
    """What a test file is called among the modules: as it is imported, where nothing else is."""
    name = source.name.removesuffix(".py").replace("/", ".")
    taken = name in sys.stdlib_module_names or name in sys.modules
    return f"ktstr_test_source.{name}" if taken else name


def _tests_of(module: ModuleType, source: Source) -> Iterator[Declaration]:
    """Tests declared in the module itself, by line; those it imported belong to their own file."""
    _refuse_shadowed(source)
    mine = [
        found
        for value in vars(module).values()
        if (found := declaration_of(value)) and found.function.__module__ == module.__name__
    ]
    unique = {id(declaration): declaration for declaration in mine}.values()
    return iter(sorted(unique, key=lambda found: found.function.__code__.co_firstlineno))


def _refuse_shadowed(source: Source) -> None:
    """A second `def` of a name silently replaces the first: a test would vanish unseen.

    So would a file that has the name of a module of the library, to who imports it in the guest.
    """
    with open(source.path, "rb") as file:
        tree = ast.parse(file.read(), source.path)
    if meant := meant_otherwise(tree, sys.path):
        raise UsageError(f"{source.name}:{meant[0]}: {meant[1]}")
    lines: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(map(_is_ours, node.decorator_list)):
            first = lines.setdefault(node.name, node.lineno)
            if first != node.lineno:
                raise UsageError(
                    f"{source.name}:{node.lineno}: test {node.name} is declared twice, first at "
                    f"line {first}, and the second hides the first: rename one"
                )


def _is_ours(decorator: ast.expr) -> bool:
    callee = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
    return name in ("scenario", "test")


def _case(source: Source, declaration: Declaration, view: TopologyView, seed: int) -> Case:
    fields = {
        field.name: getattr(declaration, field.name)
        for field in dataclasses.fields(declaration)
        if field.name not in ("function", "needs", "after")
    }
    after = getattr(declaration.after, "__qualname__", repr(declaration.after))
    fields["after"] = after if declaration.after is not None else ""
    line = declaration.function.__code__.co_firstlineno
    scenario, error = (None, "")
    skip = declaration.needs.unmet(view) if declaration.needs is not None else ""
    if not declaration.in_guest and not skip:
        scenario, error = _call(source, declaration, view, seed)
    return Case(source=source.name, line=line, scenario=scenario, error=error, skip=skip, **fields)


def _call(
    source: Source, declaration: Declaration, view: TopologyView, seed: int
) -> tuple[Scenario | None, str]:
    try:
        # only a scenario that draws names the parameter
        drawn = {"seed": seed} if "seed" in signature(declaration.function).parameters else {}
        value = declaration.function(view, **drawn)
        if isinstance(value, Scenario):
            check_python_work(value, declaration.function.__globals__)
    except BaseException as error:  # noqa: BLE001 - it is reported
        return None, _blame(error, source, f"while {declaration.name} made its scenario")
    if not isinstance(value, Scenario):
        return None, (
            f"{_place(source, declaration)}: {declaration.name} returned "
            f"{type(value).__name__}; a @ktstr.scenario function returns a ktstr.Scenario, "
            f"e.g. by ktstr.defs(...)"
        )
    return value, ""


def _blame(error: BaseException, source: Source, when: str) -> str:
    """`file:line: what was raised when`, the line being the innermost one of the author's."""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if frame.filename == source.path]
    line = mine[-1].lineno if mine else getattr(error, "lineno", None)
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        what = f"called sys.exit({error.code!r}) {when}; a test returns, and never exits"
    elif isinstance(error, UsageError):
        what = str(error)
    else:
        what = f"raised {kind} {when}: {error}{_hidden(error)}{_near(error)}"
    place = source.name if line is None else f"{source.name}:{line}"
    rest = frames[frames.index(mine[-1]) + 1 :] if mine else []
    if rest and not isinstance(error, UsageError):
        what += f" (at {rest[-1].filename}:{rest[-1].lineno}, in {rest[-1].name})"
    return f"{place}: {what}"


def _hidden(error: BaseException) -> str:
    """Says so where a file that cannot be imported may be what was meant."""
    name = (error.name or "") if isinstance(error, ImportError) else ""
    file = hidden_file(name, sys.path)
    return words(name, file) if file else ""


def _near(error: BaseException) -> str:
    """What was probably meant by a name that `ktstr` does not have."""
    if not isinstance(error, ImportError) or error.name != "ktstr":
        return ""
    found = _NOT_OURS.match(str(error))
    return did_you_mean(found[1], dir(sys.modules["ktstr"])) if found else ""


def _place(source: Source, declaration: Declaration) -> str:
    return f"{source.name}:{declaration.function.__code__.co_firstlineno}"


def _tell(answer: TextIO, key: str, value: object) -> None:
    answer.write(json.dumps({key: value}) + "\n")
    answer.flush()

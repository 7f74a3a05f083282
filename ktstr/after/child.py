# SPDX-License-Identifier: Apache-2.0
"""The process that an `after` function is called in: it is the author's code, and may do anything.

argv[1] is the directory with the sources, argv[2] the test's own among them, argv[3] the test,
argv[4] the file for the answer: {"found": [texts]} or {"error": text}.  Standard input is the
`Finished` run as JSON.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import sys
import traceback
from collections.abc import Callable
from typing import Any

from ktstr.after.finished import Finished
from ktstr.api import declaration_of
from ktstr.model.codec import decode
from ktstr.model.errors import UsageError

_MOST_BYTES = 16 << 20


def main(argv: list[str]) -> int:
    """Calls the function once, and once more, and answers."""
    _, top, source, test, answer = argv
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_BYTES, _MOST_BYTES))
    run = decode(Finished, json.load(sys.stdin))
    try:
        said: dict[str, object] = {"found": _called(top, source, test, run)}
    except UsageError as error:
        said = {"error": str(error)}
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(said, file)
    return 0


def _called(top: str, source: str, test: str, run: Finished) -> list[str]:
    path = os.path.join(top, source)
    try:
        function = _function(path, top, test)
        found = [_texts(function, function(run)) for _ in range(2)]
    except BaseException as error:
        if isinstance(error, UsageError) and not _own(error, path):
            raise
        raise UsageError(_blame(error, path, source)) from error
    if found[0] != found[1]:
        raise UsageError(
            f"it says another thing each time it is called, {found[0]} and {found[1]}: that must "
            f"follow from the result alone"
        )
    return found[0]


def _function(path: str, top: str, test: str) -> Callable[[Finished], Any]:
    # behind all else, as where the tests were found: no file hides the standard library
    sys.path[:] = [*sys.path, top, os.path.dirname(path)]
    name = os.path.relpath(path, top).removesuffix(".py").replace("/", ".")
    if name in sys.stdlib_module_names or name in sys.modules:
        name = f"ktstr_test_source.{name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    for value in vars(module).values():
        declared = declaration_of(value)
        if declared is not None and declared.name == test and declared.after is not None:
            return declared.after
    raise UsageError(f"test {test} has no `after` function any more")


def _texts(function: Callable[..., Any], said: Any) -> list[str]:
    """What it has said against the run."""
    if said is None:
        return []
    texts = [said] if isinstance(said, str) else said
    if not isinstance(texts, list | tuple) or not all(
        isinstance(each, str) and each.strip() for each in texts
    ):
        raise UsageError(
            f"it returned {said!r}; None is due where it finds nothing, else a text, or several in "
            f"a list"
        )
    return list(texts)


def _own(error: BaseException, path: str) -> bool:
    """Whether it was raised from within the author's file."""
    return any(frame.filename == path for frame in traceback.extract_tb(error.__traceback__))


def _blame(error: BaseException, path: str, source: str) -> str:
    mine = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == path]
    place = f" (at {source}:{mine[-1].lineno})" if mine else ""
    if isinstance(error, UsageError):
        return f"{error}{place}"
    text = "".join(traceback.format_exception_only(error)).strip()
    return f"it raised {text}{place}"

# SPDX-License-Identifier: Apache-2.0
"""The process that an `after` function is called in: it is the author's code, and may do anything.

argv[1] is the directory with the sources, argv[2] the test's own among them, argv[3] the test.
Standard input is `Told` as JSON; nobody can read it a second time.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import select
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ktstr.after.finished import Finished
from ktstr.api import declaration_of
from ktstr.host.descendants import become_subreaper, kill_descendants
from ktstr.host.parent import die_with
from ktstr.model.codec import decode, encode
from ktstr.model.errors import UsageError

_MOST_BYTES = 16 << 20


@dataclass(frozen=True)
class Told:
    """What this process is told.  answer, ended: descriptors of files that have no name.

    key: what the answer must have in it, {"key": key, "found": [texts]} or {"key": key, "error":
    text}.  seconds: how long the function may take.  `ended` gets an `Ended`.
    """

    run: Finished
    answer: int
    ended: int
    key: str
    seconds: float


@dataclass(frozen=True)
class Ended:
    """How the function's process ended: its code, as subprocess has it; late: it was killed."""

    code: int
    late: bool


def main(argv: list[str]) -> int:
    """Has a process of its own call the function, and ends all that came of that."""
    told = decode(Told, json.load(sys.stdin))
    for descriptor in (told.answer, told.ended):
        os.set_inheritable(descriptor, False)
    become_subreaper()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        os.close(told.ended)
        os.setsid()
        die_with(parent)
        return _answer(argv, told)
    os.close(told.answer)
    late = not select.select([os.pidfd_open(pid)], [], [], told.seconds)[0]
    if late:
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    kill_descendants()
    os.write(told.ended, json.dumps(encode(Ended(code, late))).encode())
    return 0


def _answer(argv: list[str], told: Told) -> int:
    """Calls the function once, and once more, and answers."""
    _, top, source, test = argv
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_BYTES, _MOST_BYTES))
    own = os.getpid()
    # what the function starts has no part in the answer
    os.register_at_fork(after_in_child=partial(os.close, told.answer))
    try:
        said: dict[str, object] = {"found": _called(top, source, test, told.run)}
    except UsageError as error:
        said = {"error": str(error)}
    if os.getpid() != own:
        return 0  # a copy that the function forked, and that returned, too
    # whatever the function may have written into it
    os.ftruncate(told.answer, 0)
    with open(told.answer, "w", encoding="utf-8", closefd=False) as file:
        file.seek(0)
        json.dump(said | {"key": told.key}, file)
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

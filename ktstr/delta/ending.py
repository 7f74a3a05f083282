# SPDX-License-Identifier: Apache-2.0
"""Signals that ask us to end, and programs of ours that then end first."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from ktstr.model.errors import InfraError

_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
# Bazel ends its actions, and waits for some.
_PATIENCE_S = 60.0
_STANDARD_ERROR = 2


@contextlib.contextmanager
def cleaned_up() -> Iterator[None]:
    """Within it SIGTERM, SIGHUP and SIGINT unwind the stack, once: what is to be removed is."""
    before = {number: signal.signal(number, _unwind) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_to_end(
    command: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None
) -> int:
    """Runs a program, whose output goes to standard error; its exit code.

    environ: beside what our own environment has.

    It is asked to end, and waited for, where we are to end before it.

    Raises:
        InfraError: it cannot be started.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=_STANDARD_ERROR,
        )
    except OSError as error:
        raise InfraError(
            f"{command[0]} cannot be started: {error.strerror}; install bazelisk or Bazel"
        ) from error
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


def _unwind(number: int, frame: FrameType | None) -> None:
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)

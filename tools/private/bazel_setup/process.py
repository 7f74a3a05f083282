# SPDX-License-Identifier: Apache-2.0
"""Child processes that have a deadline and never outlive this program."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.private.bazel_setup.errors import SetupError

# Of util-linux, part of every Linux system: has the kernel kill the program when its parent dies.
_TIED = ("setpriv", "--pdeathsig", "KILL", "--")


def run(
    command: Sequence[str | Path],
    *,
    deadline_seconds: float,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end and captures what it prints.

    The whole process group is killed at the deadline and on an interruption, and the program
    itself when this process dies. Raises subprocess.TimeoutExpired and OSError.
    """
    child = subprocess.Popen(
        [*_TIED, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment,
        cwd=directory,
        start_new_session=True,
    )
    try:
        output, error = child.communicate(timeout=deadline_seconds)
    except BaseException:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        raise
    return subprocess.CompletedProcess(command, child.returncode, output, error)


def check(
    what: str,
    command: Sequence[str | Path],
    *,
    deadline_seconds: float,
    advice: str,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Runs a program that has to succeed; returns its output. Raises SetupError."""
    try:
        done = run(command, deadline_seconds=deadline_seconds, environment=environment)
    except subprocess.TimeoutExpired:
        raise SetupError(
            f"{what}: {command[0]} gave no answer in {deadline_seconds:.0f} s; {advice}"
        ) from None
    except OSError as error:
        raise SetupError(
            f"{what}: {command[0]} cannot be run ({error.strerror}); {advice}"
        ) from None
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise SetupError(
            f"{what}: {command[0]} ended with exit code {done.returncode}; {advice}\n{tail}"
        )
    return done.stdout

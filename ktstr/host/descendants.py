# SPDX-License-Identifier: Apache-2.0
"""Ends every process that came of this one, however it tried to get away."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time

import psutil

_PR_SET_CHILD_SUBREAPER = 36
_REAP_S = 5.0


def become_subreaper() -> None:
    """Orphans among our descendants become our children, so that `kill_descendants` finds them."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kills the process group that `process` leads, and whatever left it, and reaps the leader."""
    left = _descendants(process.pid)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()
    _kill(left)


def kill_descendants() -> list[str]:
    """Kills and reaps what is left below this process; their names, for the report.

    It looks again until there is nobody, for one may fork before it is killed; one that does so all
    the time is given up, and named like the others.
    """
    names: dict[int, str] = {}
    deadline = time.monotonic() + _REAP_S
    while (left := _descendants(os.getpid())) and time.monotonic() < deadline:
        names = {process.pid: _describe(process) for process in left} | names
        _kill(left)
    return list(names.values())


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _describe(process: psutil.Process) -> str:
    try:
        return f"{process.name()} (pid {process.pid})"
    except psutil.NoSuchProcess:
        return f"pid {process.pid}"


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        # others may have taken another user's rights
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.kill()
    psutil.wait_procs(processes, timeout=_REAP_S)

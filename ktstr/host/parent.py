# SPDX-License-Identifier: Apache-2.0
"""Ties a child process to the one that makes it."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: between fork and exec nothing may take the import lock.
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """Runs in the child: asks for SIGKILL when `parent` dies, and dies if it already has."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(127)

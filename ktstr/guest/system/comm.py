# SPDX-License-Identifier: Apache-2.0
"""The name that the kernel calls a process by in its reports (proc(5), /proc/PID/comm)."""

from __future__ import annotations


def set_comm(name: str) -> None:
    """Names this process, 15 bytes at most; what it forks inherits that, what it executes does not.

    Raises:
        OSError: /proc is not there.
    """
    with open("/proc/self/comm", "w", encoding="utf-8") as file:
        file.write(name)

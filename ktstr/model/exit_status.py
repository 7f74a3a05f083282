# SPDX-License-Identifier: Apache-2.0
"""How a process's end reads: one wording for the guest, the host and all messages."""

from __future__ import annotations

import os
import signal


def signal_name(number: int) -> str:
    """`SIGKILL`; real-time signals are counted from the first, as kill(1) does: `SIGRTMIN+6`.

    The two that the C library keeps for itself, 32 and 33, have no name: `signal 32`.
    """
    try:
        return signal.Signals(number).name
    except ValueError:
        if signal.SIGRTMIN < number < signal.SIGRTMAX:
            return f"SIGRTMIN+{number - signal.SIGRTMIN}"
        return f"signal {number}"


def describe_code(code: int) -> str:
    """`exit status 1`, or `killed by SIGKILL` of a negative one, as subprocess has returncodes."""
    return f"killed by {signal_name(-code)}" if code < 0 else f"exit status {code}"


def describe_status(status: int) -> str:
    """`describe_code` of a status as wait(2) gives it."""
    return describe_code(os.waitstatus_to_exitcode(status))

# SPDX-License-Identifier: Apache-2.0
"""Killing a run at a chosen moment, as SIGKILL from outside would."""

import time
from pathlib import Path

from tests.support.running import Running, leftovers

_END_S = 20.0
_GONE_S = 10.0
_LOOK_S = 0.02


def kill_run(running: Running, after_s: float | None, *places: Path) -> tuple[float, list[str]]:
    """Kills the runner after so many seconds; with None, as soon as there is a guest.

    Gives the seconds until then, and the processes that still mention the run's outputs or one of
    `places` when they have had time to go.
    """
    began = time.monotonic()
    if after_s is None:
        running.qemu()
    else:
        # it is the moment that is varied, so there is no event to wait for
        time.sleep(after_s)
    took = time.monotonic() - began
    running.process.kill()
    running.wait(_END_S)
    ends_at = time.monotonic() + _GONE_S
    while (left := _left(running.outputs, *places)) and time.monotonic() < ends_at:
        time.sleep(_LOOK_S)
    return took, left


def _left(*places: Path) -> list[str]:
    return [command for place in places for command in leftovers(place)]

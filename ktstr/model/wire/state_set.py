# SPDX-License-Identifier: Apache-2.0
"""What a test changed of the state of kernel or scheduler from outside: only that imports it."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.model.wire.frames import FrameType


@dataclass(frozen=True)
class StateSet:
    """A number that was set, at a moment of guest CLOCK_MONOTONIC.

    step: of the scenario; None outside of steps.  what: e.g. `kernel scx_watchdog_timeout`,
    `map cpu_ctx[3].nr_queued`.  before, after: its value.
    """

    frame_type = FrameType.STATE_SET
    at_ns: int
    step: int | None
    what: str
    before: int
    after: int

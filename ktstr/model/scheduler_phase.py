# SPDX-License-Identifier: Apache-2.0
"""How far a scheduler's life came."""

from __future__ import annotations

from enum import StrEnum


class SchedulerPhase(StrEnum):
    """Where a scheduler's life ended.

    none: no scheduler was to be there.  start: its program could not be run.  load: it ended, or
    gave up, before it asked to be attached.  attach: it asked, and was not.  run: it was attached,
    and did not leave as it was told to.  detached: it did.
    """

    NONE = "none"
    START = "start"
    LOAD = "load"
    ATTACH = "attach"
    RUN = "run"
    DETACHED = "detached"

    @property
    def is_unattached(self) -> bool:
        """Whether a scheduler was to be there and never was."""
        return self in (SchedulerPhase.START, SchedulerPhase.LOAD, SchedulerPhase.ATTACH)

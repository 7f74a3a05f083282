# SPDX-License-Identifier: Apache-2.0
"""Keeps account of the schedulers of a scenario: the part of the ledger that is about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr.model.errors import UsageError
from ktstr.model.scenario.scenario import (
    AttachScheduler,
    DetachScheduler,
    ReplaceScheduler,
    RestartScheduler,
    SchedulerOp,
)

if TYPE_CHECKING:
    from ktstr.model.plan import SchedulerPlan


def check_variable_name(name: str) -> None:
    """Refuses what would be more than one word of the loader's protocol.

    Raises:
        UsageError: the name is empty or holds space or a line break.
    """
    if name.split() != [name]:
        raise UsageError(f"{name!r} is no name of a variable: it is empty, or holds white space")


class SchedulerLedger:
    """Which scheduler is attached at a point of a scenario.  All methods raise UsageError.

    `attached`: the name of the one that is at its beginning, empty: none; None: `own`, if any.
    """

    def __init__(
        self,
        own: SchedulerPlan | None,
        staged: tuple[SchedulerPlan, ...],
        attached: str | None = None,
    ) -> None:
        self._own = own
        both = (*staged, own) if own is not None else staged
        self._known = {plan.name: plan for plan in both}
        self._now = own
        if attached is not None:
            self._now = self._known.get(attached)

    @property
    def attached(self) -> bool:
        """Whether there is one."""
        return self._now is not None

    def apply(self, op: SchedulerOp) -> None:
        """Enters an op."""
        if isinstance(op, AttachScheduler):
            if self._now is not None:
                raise UsageError(
                    f"{self._now.name!r} is attached at this point; use ReplaceScheduler, or "
                    f"DetachScheduler before"
                )
            self._now = self._named(op.name)
            return
        if self._now is None:
            raise UsageError("no scheduler is attached at this point; use AttachScheduler")
        if isinstance(op, ReplaceScheduler):
            self._now = self._named(op.name)
        elif isinstance(op, DetachScheduler):
            self._now = None
        else:
            assert isinstance(op, RestartScheduler)

    def check_variable(self, name: str) -> None:
        """Refuses to use a global variable of a scheduler that has none, or that is not there."""
        check_variable_name(name)
        if self._now is None or not self._now.control:
            who = "none is attached" if self._now is None else f"{self._now.name!r} takes no knobs"
            raise UsageError(
                f"{name!r} is a variable of the scheduler, and at this point {who}; it must be an "
                f"scx_scheduler run by the generic loader"
            )

    def _named(self, name: str) -> SchedulerPlan:
        if not name:
            if self._own is None:
                raise UsageError(
                    "this target has no scheduler of its own; name one of its `staged_schedulers`, "
                    "or set its `scheduler`"
                )
            return self._own
        if name not in self._known:
            known = ", ".join(sorted(self._known)) or "none"
            raise UsageError(
                f"scheduler {name!r} is none of this target's: {known}; see `staged_schedulers`"
            )
        return self._known[name]

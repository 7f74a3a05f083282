# SPDX-License-Identifier: Apache-2.0
"""Keeps account of a scenario's payloads: the part of the ledger that is about them."""

from __future__ import annotations

from ktstr.model.errors import UsageError
from ktstr.model.payload import Payload, PayloadRun
from ktstr.model.payload_run import (
    Key,
    check_timeout,
    compose_run,
    describe_key,
    live_key,
    payload_named,
)
from ktstr.model.scenario.scenario import KillPayload, RunPayload, WaitPayload

_END_IT = "use WaitPayload or KillPayload"


class PayloadLedger:
    """Which payloads may run at a point of a scenario; one that was started counts until it is
    waited for, killed, or its step ends.  All methods raise UsageError.
    """

    def __init__(self, payloads: tuple[Payload, ...]) -> None:
        self._payloads = payloads
        self._lasting: dict[Key, bool] = {}

    def run(self, op: RunPayload, lasting: bool) -> str | None:
        """Enters a start; returns the cgroup that must exist, if one is named."""
        run = run_of(op, self._payloads)
        key = (run.payload, run.cgroup)
        if key in self._lasting:
            raise UsageError(f"{describe_key(key)} runs already; {_END_IT} before it starts again")
        self._lasting[key] = lasting
        return run.cgroup

    def end(self, op: WaitPayload | KillPayload) -> None:
        """Enters an end."""
        payload_named(self._payloads, op.payload)
        if isinstance(op, WaitPayload):
            check_timeout(op.timeout)
        del self._lasting[live_key(self._lasting, op.payload, op.cgroup)]

    def end_step(self) -> None:
        """Takes away those that the last step started."""
        self._lasting = {key: lasting for key, lasting in self._lasting.items() if lasting}

    def refuse_removal(self, cgroup: str) -> None:
        """Refuses to take a cgroup from under a payload."""
        for key in self._lasting:
            if key[1] == cgroup:
                raise UsageError(f"payload {describe_key(key)} runs there; {_END_IT} first")

    def refuse_child(self, parent: str) -> None:
        """Refuses a cgroup below one that a payload runs in."""
        for key in self._lasting:
            if key[1] == parent:
                raise UsageError(
                    f"payload {describe_key(key)} runs in its parent: cgroup v2 keeps processes "
                    f"in leaves; run it in a child of its own"
                )


def run_of(op: RunPayload, payloads: tuple[Payload, ...]) -> PayloadRun:
    """The complete run that an op asks for.

    Raises:
        UsageError: the payload is unknown, or what is asked does not fit it.
    """
    return compose_run(
        payload_named(payloads, op.payload),
        op.args,
        op.checks,
        op.cgroup,
        op.timeout,
        clear_args=op.clear_args,
        clear_checks=op.clear_checks,
    )

# SPDX-License-Identifier: Apache-2.0
"""Saving the device state of a machine that stands still, and loading it into another."""

from __future__ import annotations

import time
from pathlib import Path

from ktstr.vm.qmp import Qmp, QmpError
from ktstr.vm.saved.template import TemplateError

# The state is a few hundred kilobytes: milliseconds, unless the host hangs.
_STATE_S = 20.0
# RAM is in a file of its own; a change of migration's status is an event.
_CAPABILITIES = ("x-ignore-shared", "events")


def save_state(qmp: Qmp, path: Path) -> None:
    """Writes the device state of a machine that stands still, without its RAM.

    Raises:
      TemplateError: QEMU could not.
    """
    try:
        _negotiate(qmp)
        qmp.execute("migrate", timeout=_STATE_S, uri=f"file:{path}")
        _finish(qmp, "saving the parked guest")
    except QmpError as error:
        raise TemplateError(f"QEMU cannot save the parked guest: {error}") from None


def resume(qmp: Qmp, path: Path) -> None:
    """Loads a state into a machine that waits for one, and lets it run.

    Raises:
      QmpError: QEMU refuses the state, most often by ending.
    """
    _negotiate(qmp)
    # Else the rounds, host time after loading, would reach the guest at any virtual time.
    qmp.execute("migrate-set-parameters", timeout=_STATE_S, **{"announce-rounds": 0})
    qmp.execute("migrate-incoming", timeout=_STATE_S, uri=f"file:{path}")
    _finish(qmp, "loading the saved state")
    qmp.execute("cont", timeout=_STATE_S)


def _negotiate(qmp: Qmp) -> None:
    wanted = [{"capability": name, "state": True} for name in _CAPABILITIES]
    qmp.execute("migrate-set-capabilities", timeout=_STATE_S, capabilities=wanted)


def _finish(qmp: Qmp, what: str) -> None:
    ends_at = time.monotonic() + _STATE_S
    while True:
        left = max(0.0, ends_at - time.monotonic())
        status = qmp.wait_event("MIGRATION", timeout=left).get("status")
        if status == "completed":
            return
        if status == "failed":
            raise QmpError(f"{what}: {qmp.execute('query-migrate', timeout=_STATE_S)}")

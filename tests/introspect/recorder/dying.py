# SPDX-License-Identifier: Apache-2.0
"""Guests that crash in real time: guest_test.py looks at what their second runs showed."""

import os
from typing import TYPE_CHECKING

import ktstr

if TYPE_CHECKING:
    from ktstr import Context

# only in a second run (ktstr.model.plan.RECORDING_PATH)
_RECORDING = "/ktstr/recording"


def _crash() -> None:
    with open("/proc/sysrq-trigger", "w") as trigger:
        trigger.write("c")


@ktstr.test(timeout=20)
def panicked(ctx: "Context") -> None:
    """The kernel is told to crash."""
    _crash()


@ktstr.test(timeout=20)
def shy(ctx: "Context") -> None:
    """The kernel is told to crash, but for where somebody watches."""
    if not os.path.exists(_RECORDING):
        _crash()

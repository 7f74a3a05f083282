# SPDX-License-Identifier: Apache-2.0
"""Guests that crash or hang in real time: guest_test.py looks at what their second runs showed."""

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


@ktstr.test(timeout=8)
def hung(ctx: "Context") -> None:
    """The agent waits for the only CPU, which one of its own class never leaves."""
    with open("/proc/sys/kernel/sched_rt_runtime_us", "w") as knob:
        knob.write("-1")
    with open("/proc/self/comm", "w") as comm:
        comm.write("hog0")
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
    while True:
        pass

# SPDX-License-Identifier: Apache-2.0
"""Guests that hang, crash or warn and are not expected to: guest_test.py looks at their replays."""

import os
import time
from typing import TYPE_CHECKING

import ktstr

if TYPE_CHECKING:
    from ktstr import Context


@ktstr.test(timeout=4)
def hung(ctx: "Context") -> None:
    """The agent waits for a CPU that others of a higher class never leave."""
    with open("/proc/sys/kernel/sched_rt_runtime_us", "w") as knob:
        knob.write("-1")
    for cpu in sorted(os.sched_getaffinity(0), reverse=True):
        if not os.fork():
            with open("/proc/self/comm", "w") as comm:
                comm.write(f"hog{cpu}")
            os.sched_setaffinity(0, {cpu})
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
            while True:
                pass
    time.sleep(60)


@ktstr.test(timeout=20)
def panicked(ctx: "Context") -> None:
    """The kernel is told to crash."""
    with open("/proc/sysrq-trigger", "w") as trigger:
        trigger.write("c")


@ktstr.test(timeout=20)
def oopsed(ctx: "Context") -> None:
    """The kernel follows a pointer that is NULL, and goes on without who made it."""
    ctx.kernel.write("curr_clocksource", 0)
    with open("/sys/devices/system/clocksource/clocksource0/current_clocksource") as name:
        name.read()


@ktstr.test(timeout=20)
def warned(ctx: "Context") -> None:
    """The kernel comes to a format that it does not take, warns, and goes on."""
    first = int.from_bytes(b"%n what ", "little")
    ctx.kernel.write("linux_proc_banner.tv_sec", first, type="timespec64")
    with open("/proc/version") as version:
        version.read()

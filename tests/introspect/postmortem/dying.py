# SPDX-License-Identifier: Apache-2.0
"""Guests that do not come to their end: dying_test.py looks at what was found in them."""

import os
import time
from typing import TYPE_CHECKING

import ktstr
from ktstr import ExpectFail, Kind

if TYPE_CHECKING:
    from ktstr import Context

_SETTLE_S = 0.5


def _spin(name: str, cpu: int | None) -> None:
    """A child that takes all CPU time it gets; with `cpu` it gets all of that one's.

    It is above the agent then, so that nobody ends the test.
    """
    if os.fork():
        return
    with open("/proc/self/comm", "w") as comm:
        comm.write(name)
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
    while True:
        pass


@ktstr.test(timeout=5, expect_fail=ExpectFail(Kind.HANG))
def nobody_else_runs(ctx: "Context") -> None:
    """Tasks wait for CPUs that others of a higher class never leave."""
    with open("/proc/sys/kernel/sched_rt_runtime_us", "w") as knob:
        knob.write("-1")
    cpus = sorted(os.sched_getaffinity(0))
    for i in range(3):
        _spin(f"patient{i}", None)
    time.sleep(_SETTLE_S)
    for cpu in reversed(cpus):
        _spin(f"hog{cpu}", cpu)
    time.sleep(60)


@ktstr.test(timeout=20, expect_fail=ExpectFail(Kind.PANIC, "sysrq"))
def the_kernel_panics(ctx: "Context") -> None:
    """The kernel is told to crash."""
    with open("/proc/sysrq-trigger", "w") as trigger:
        trigger.write("c")

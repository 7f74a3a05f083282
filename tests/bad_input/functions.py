# SPDX-License-Identifier: Apache-2.0
"""Test functions that misbehave inside the guest, and two that behave."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import ktstr

if TYPE_CHECKING:
    from ktstr import Context


@ktstr.scenario(duration=0.2)
def well_behaved(machine: ktstr.TopologyView) -> ktstr.Scenario:
    return ktstr.defs(ktstr.CgroupDef("cg_0"))


@ktstr.test()
def returns(ctx: Context) -> None:
    assert os.getuid() == 0


@ktstr.test()
def skips(ctx: Context) -> None:
    ctx.skip("this guest lacks a reason to run")


@ktstr.test()
def raises(ctx: Context) -> None:
    raise ValueError("raised inside the guest")


@ktstr.test()
def exits(ctx: Context) -> None:
    sys.exit(0)


@ktstr.test()
def leaves_children(ctx: Context) -> None:
    for new_session in (False, True):
        if os.fork() == 0:
            if new_session:
                os.setsid()
            time.sleep(3600)


@ktstr.test()
def prints_megabytes(ctx: Context) -> None:
    for number in range(40_000):
        print(f"line {number:06} " + 87 * "x")


@ktstr.test(timeout=1.0)
def never_ends(ctx: Context) -> None:
    while True:
        pass


@ktstr.test(timeout=3600.0)
def sleeps_for_long(ctx: Context) -> None:
    with open("/dev/kmsg", "w", encoding="ascii") as log:
        log.write("<1>sleeps_for_long has begun\n")
    # Busy, or virtual time would leap to the end.
    while True:
        pass


@ktstr.test()
def panics(ctx: Context) -> None:
    with open("/proc/sysrq-trigger", "w", encoding="ascii") as trigger:
        trigger.write("c")


@ktstr.test(timeout=600)
def fills_the_console(ctx: Context) -> None:
    for number in range(12_000):
        with open("/dev/kmsg", "w", encoding="ascii") as log:
            log.write(f"<1>line {number:06} " + 180 * "x" + "\n")

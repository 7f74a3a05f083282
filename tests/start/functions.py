# SPDX-License-Identifier: Apache-2.0
"""Tests that say which guest they ran in."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import ktstr

if TYPE_CHECKING:
    from ktstr import Context


def _tell(ctx: Context) -> None:
    ctx.note("hostname", os.uname().nodename)
    ctx.note("boot_id", Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    ctx.note("random", os.urandom(16).hex())
    ctx.note("wall_s", int(time.time()))
    # a clone that another one's bytes have reached would find the file of that one
    mark = Path("/tmp/mark")
    ctx.note("marked", mark.exists())
    mark.write_text("here")


@ktstr.test()
def one(ctx: Context) -> None:
    _tell(ctx)


@ktstr.test()
def other(ctx: Context) -> None:
    _tell(ctx)


@ktstr.scenario(duration=0.1)
def shares(machine: ktstr.TopologyView) -> ktstr.Scenario:
    return ktstr.defs(ktstr.CgroupDef("cg_0"))

# SPDX-License-Identifier: Apache-2.0
"""Faults of real-time and deadline tasks, of the deadline server, and of clamps."""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from ktstr import (
    Bursty,
    CgroupDef,
    CpuSpin,
    Deadline,
    ExpectFail,
    Kind,
    Limits,
    Policy,
    PythonWork,
    Work,
)
from tests.faults.known.fault import Fault, declare
from tests.faults.known.loads import ONE, naps, spins

if TYPE_CHECKING:
    from ktstr import Context, WorkContext

_SERVER = Path("/sys/kernel/debug/sched/fair_server/cpu0/runtime")
_TENTH_S = 100_000_000
# arch/x86/entry/syscalls/syscall_64.tbl
_SCHED_SETATTR = 314
# include/uapi/linux/sched/types.h struct sched_attr, include/uapi/linux/sched.h
_ATTR = struct.Struct("<IIQiIQQQII")
_KEEP_POLICY, _KEEP_PARAMETERS, _CLAMP_MIN, _CLAMP_MAX = 0x08, 0x10, 0x20, 0x40


def _round_robin(ctx: Context) -> None:
    work = Work(Bursty(burst_us=500, sleep_us=2_000), 3, policy=Policy.RR, rt_priority=10)
    ctx.run(CgroupDef("cg", ONE, works=(work,)))


def _deadlines(ctx: Context) -> None:
    deadline = Deadline(runtime_us=4_000, deadline_us=20_000, period_us=20_000)
    work = Work(
        Bursty(burst_us=3_000, sleep_us=9_000),
        workers=8,
        policy=Policy.DEADLINE,
        deadline=deadline,
    )
    ctx.run(CgroupDef("cg", works=(work,)))


def _beside_real_time(ctx: Context) -> None:
    hog = Work(CpuSpin(), workers=1, policy=Policy.FIFO, rt_priority=1)
    ctx.run(CgroupDef("rt", ONE, works=(hog,)), naps("fair", 1_000, 60_000, workers=2))


def _new_parameters(work: WorkContext) -> None:
    given = int(_SERVER.read_text(encoding="ascii"))
    for runtime in (_TENTH_S, _TENTH_S // 4) * 40:
        if work.should_stop():
            break
        _SERVER.write_text(str(runtime), encoding="ascii")
        work.tick()
        work.sleep_us(10_000)
    _SERVER.write_text(str(given), encoding="ascii")


def _server_params(ctx: Context) -> None:
    writer = Work(PythonWork(_new_parameters), workers=1)
    ctx.run(spins("cg"), CgroupDef("writer", works=(writer,)))


def _clamped(work: WorkContext) -> None:
    own = Path("/proc/self/cgroup").read_text(encoding="ascii").strip().partition("::")[2]
    Path(f"/sys/fs/cgroup{own}/cpu.uclamp.max").write_text("20.00", encoding="ascii")
    flags = _KEEP_POLICY | _KEEP_PARAMETERS | _CLAMP_MIN | _CLAMP_MAX
    attributes = _ATTR.pack(_ATTR.size, 0, flags, 0, 0, 0, 0, 0, 600, 1024)
    if ctypes.CDLL(None, use_errno=True).syscall(_SCHED_SETATTR, 0, attributes, 0):
        raise OSError(ctypes.get_errno(), "sched_setattr")
    while not work.should_stop():
        work.tick()
        work.sleep_us(2_000)


def _clamps(ctx: Context) -> None:
    work = Work(PythonWork(_clamped), workers=1)
    ctx.run(CgroupDef("cg", ONE, works=(work,), limits=Limits(weight=100)))


FAULTS = (
    Fault(
        "rr_count",
        "rule",
        "A task of SCHED_RR that leaves is still counted as one.",
        "The tick was not stopped where it could, or stopped where it could not.",
        _round_robin,
        ExpectFail(Kind.INVARIANT, "rt-round-robin"),
    ),
    Fault(
        "earliest_deadline",
        "rule",
        "A queue whose first deadline task leaves goes on telling its deadline.",
        "Deadline tasks were pushed to CPUs with earlier ones.",
        _deadlines,
        ExpectFail(Kind.INVARIANT, "dl-earliest"),
    ),
    Fault(
        "server_stuck",
        "4ae8d9aa9f9d",
        "The server of fair tasks is active, without a timer that would queue it.",
        "Fair tasks starved beside a real-time one for ever.",
        _beside_real_time,
        ExpectFail(Kind.INVARIANT, "server-timer"),
        elsewhere="planned",
        duration=4.0,
    ),
    Fault(
        "server_yield",
        "a3a70caf7906",
        "A server without tasks yields, and waits for its next period.",
        "Fair tasks that woke up then waited for up to a second beside a real-time one.",
        _beside_real_time,
        ExpectFail(Kind.INVARIANT, "server-never-yields"),
        elsewhere="planned",
        duration=3.0,
    ),
    Fault(
        "server_params",
        "bb4700adc3ab",
        "A server's parameters change while it is active.",
        "The bandwidth that runs was wrong from then on, or below 0.",
        _server_params,
        ExpectFail(Kind.INVARIANT, "dl-bandwidth|server-"),
        elsewhere="planned",
    ),
    Fault(
        "uclamp_inversion",
        "0213b7083e81",
        "A group's upper clamp does not bound the lower one of its tasks.",
        "Tasks asked for at least more than they might have at most.",
        _clamps,
        ExpectFail(Kind.INVARIANT, "uclamp-task"),
        elsewhere="uclamp_inversion",
    ),
    Fault(
        "uclamp_idle",
        "ca4984a7dd86",
        "A runqueue keeps the clamp of its idle time when a task comes.",
        "CPUs ran at speeds that nobody had asked for.",
        _clamps,
        ExpectFail(Kind.INVARIANT, "uclamp-idle"),
        elsewhere="uclamp_flag_idle, without an outcome",
    ),
)

declare(globals(), *FAULTS)

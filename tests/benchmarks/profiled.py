# SPDX-License-Identifier: Apache-2.0
"""What a profiler inside the guest says of a scheduler's callbacks, and what they really took."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ktstr import Bursty, CgroupDef, CpuSpin, PipeIo, Work, test

if TYPE_CHECKING:
    from ktstr import Context

# the kernel then reads a clock before and behind each run of a program
_PROFILER = Path("/proc/sys/kernel/bpf_stats_enabled")


def _busy(ctx: Context) -> None:
    works = (Work(CpuSpin(), workers=3), Work(Bursty(), workers=3), Work(PipeIo(), workers=4))
    ctx.run(CgroupDef("cg_0", works=works))


@test(duration=1.0, timeout=60, op_costs=True)
def left_alone(ctx: Context) -> None:
    """Nobody inside the guest counts."""
    _busy(ctx)


@test(duration=1.0, timeout=60, op_costs=True)
def profiled(ctx: Context) -> None:
    """The same work, where the kernel counts runs of programs and their time."""
    _PROFILER.write_text("1", encoding="ascii")
    _busy(ctx)
    for program in ctx.programs():
        if program.run_count and program.run_time_ns:
            ctx.note(f"{program.name} runs", program.run_count)
            ctx.note(f"{program.name} ns", program.run_time_ns)

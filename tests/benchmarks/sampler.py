# SPDX-License-Identifier: Apache-2.0
"""What the sampler costs a workload: the same one with and without it, in turns in one guest."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from ktstr import Bursty, CgroupDef, CpuSpin, FutexPingPong, PipeIo, Work, test

if TYPE_CHECKING:
    from ktstr import Context
    from ktstr.model.work.kind import WorkType

_PAIRS = 5


def _units(ctx: Context, work_type: WorkType, *, trace: bool) -> float:
    work = Work(work_type, workers=2)
    played = ctx.run(CgroupDef("cg_0", works=(work,)), trace=trace)
    return sum(
        phase.work_units / (phase.ended_ns - phase.started_ns) * 1e9
        for worker in played.workers
        for phase in worker.phases
        if phase.step == 0
    )


def _compare(ctx: Context, work_type: WorkType) -> None:
    ratios = []
    for pair in range(_PAIRS):
        # whoever goes first alternates, so that neither always finds the warmer guest
        order = (True, False) if pair % 2 else (False, True)
        units = {trace: _units(ctx, work_type, trace=trace) for trace in order}
        ratios.append(units[True] / units[False])
    ctx.note("throughput_with_over_without", round(statistics.median(ratios), 4))
    ctx.note("of_pairs", " ".join(f"{ratio:.4f}" for ratio in ratios))


@test(duration=0.3, trace=True)
def spinning(ctx: Context) -> None:
    """As many spinners as CPUs: few switches."""
    _compare(ctx, CpuSpin())


@test(duration=0.3, trace=True)
def bursts(ctx: Context) -> None:
    """Bursts of 1 ms between sleeps of 1 ms."""
    _compare(ctx, Bursty(burst_us=1_000, sleep_us=1_000))


@test(duration=0.3, trace=True)
def pipes(ctx: Context) -> None:
    """A pair that hands a byte to and fro: hardly anything but switches."""
    _compare(ctx, PipeIo())


@test(duration=0.3, trace=True)
def futexes(ctx: Context) -> None:
    """A pair that wakes each other through a futex."""
    _compare(ctx, FutexPingPong())

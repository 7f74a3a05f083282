# SPDX-License-Identifier: Apache-2.0
"""What the harness and its checks must know about a work type."""

from __future__ import annotations

from ktstr.model.work_teams import (
    AsymmetricWaker,
    EpollStorm,
    FanOutCompute,
    FutexFanOut,
    MutexContention,
    PreemptStorm,
    PriorityInversion,
    ProducerConsumerImbalance,
    RtStarvation,
    Schbench,
    SignalStorm,
    Taobench,
    ThunderingHerd,
    WakeChain,
)
from ktstr.model.work_types import (
    AluHot,
    CachePipe,
    CachePressure,
    CacheYield,
    CpuSpin,
    CrossAffinityChurn,
    CustomWork,
    FutexPingPong,
    IoConvoy,
    IpcVariance,
    Mixed,
    NumaWork,
    PageFaultChurn,
    PipeIo,
    SmtSiblingSpin,
    WorkType,
    YieldHeavy,
)

_PAIRS = (
    PipeIo
    | FutexPingPong
    | IoConvoy
    | CachePipe
    | CrossAffinityChurn
    | SmtSiblingSpin
    | AsymmetricWaker
    | SignalStorm
)
# always runnable, at a weight that stays, wherever it likes
_HUNGRY = (
    CpuSpin
    | YieldHeavy
    | Mixed
    | CachePressure
    | CacheYield
    | AluHot
    | SmtSiblingSpin
    | IpcVariance
    | PageFaultChurn
    | NumaWork
    | SignalStorm
    | RtStarvation
)
# number 0 wakes the others and never waits itself
_LED_BY_SPINNER = FutexFanOut | FanOutCompute | AsymmetricWaker | EpollStorm | ThunderingHerd


def group_size(work: WorkType) -> int:
    """Workers that only run together; 1 where each works on its own."""
    if isinstance(work, _PAIRS):
        return 2
    if isinstance(work, FutexFanOut | FanOutCompute):
        return work.fan_out + 1
    if isinstance(work, EpollStorm):
        return work.consumers + 1
    if isinstance(work, ThunderingHerd):
        return work.waiters + 1
    if isinstance(work, PreemptStorm):
        return work.spinners + 1
    if isinstance(work, Schbench):
        return work.threads + 1
    if isinstance(work, MutexContention):
        return work.contenders
    if isinstance(work, WakeChain):
        return work.depth
    if isinstance(work, PriorityInversion):
        return 3
    if isinstance(work, ProducerConsumerImbalance):
        return work.producers + work.consumers
    if isinstance(work, RtStarvation):
        return work.hogs + work.victims
    if isinstance(work, Taobench):
        return work.fast + work.slow
    return work.group if isinstance(work, CustomWork) else 1


def uses_pipes(work: WorkType) -> bool:
    """Whether the two of a pair are joined by pipes."""
    return isinstance(work, PipeIo | CachePipe)


def cpu_hungry(work: WorkType, index: int) -> bool:
    """Whether worker `index` always wants the CPU, so that its share of it can be called (un)fair.

    Not so for what changes its own weight, policy, cgroup or affinity as it goes.
    """
    if isinstance(work, _HUNGRY):
        return True
    first = index % group_size(work) == 0
    if isinstance(work, PreemptStorm):
        return not first
    return first and isinstance(work, _LED_BY_SPINNER)

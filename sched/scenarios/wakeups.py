# SPDX-License-Identifier: Apache-2.0
"""Wakeups: how long a woken task waits until it runs, alone and beside load."""

from ktstr import (
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    FutexPingPong,
    IoSync,
    PipeIo,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
)


@scenario(checks=Checks(max_wake_p99_us=50_000))
def pipe_pairs(machine: TopologyView) -> Scenario:
    """One pair that passes a byte to and fro."""
    return defs(CgroupDef("cg_0", works=(Work(PipeIo(), workers=2),)))


@scenario(checks=Checks(max_wake_p99_us=50_000))
def futex_pairs(machine: TopologyView) -> Scenario:
    """One pair that wakes each other through a futex."""
    return defs(CgroupDef("cg_0", works=(Work(FutexPingPong(), workers=2),)))


@scenario(checks=Checks(max_wake_p99_us=100_000))
def sleepers_beside_spinners(machine: TopologyView) -> Scenario:
    """Bursty and file-writing workers wake up on a machine that spinners keep busy."""
    bursty = Bursty(burst_us=1_000, sleep_us=5_000)
    return defs(
        CgroupDef("sleepers", works=(Work(bursty, workers=2), Work(IoSync(), workers=1))),
        CgroupDef("spinners", works=(Work(CpuSpin(), workers=len(machine.cpus)),)),
    )

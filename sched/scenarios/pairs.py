# SPDX-License-Identifier: Apache-2.0
"""Pairs: tasks that do nothing but wake each other, beside one that never sleeps."""

from ktstr import (
    CgroupDef,
    Checks,
    CpuSpin,
    FutexPingPong,
    PipeIo,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
)


@scenario(checks=Checks(max_wake_p99_us=100_000))
def woken_beside_load(machine: TopologyView) -> Scenario:
    """Pairs that wake each other through pipes and futexes, beside a spinner."""
    works = (Work(PipeIo(), workers=2), Work(FutexPingPong(), workers=2))
    return defs(
        CgroupDef("pairs", works=works), CgroupDef("spinner", works=(Work(CpuSpin(), workers=1),))
    )

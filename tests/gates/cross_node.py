# SPDX-License-Identifier: Apache-2.0
"""The gate about pages that NUMA balancing moves between nodes, which needs two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ktstr
from ktstr import (
    Backdrop,
    CachePressure,
    CgroupDef,
    Checks,
    ExpectFail,
    Frac,
    Kind,
    Numa,
    Scenario,
    SetCpuset,
    Step,
    TopologyView,
    Work,
    defs,
    scenario,
)

if TYPE_CHECKING:
    from ktstr import Context

_BALANCING = "/sys/kernel/debug/sched/numa_balancing"
_MEMORY = Work(CachePressure(size_kb=1024, stride=4096), workers=1)


@scenario(duration=0.4, checks=Checks(max_cross_node_migration_ratio=1_000))
def max_cross_node_migration_ratio_is_met(machine: TopologyView) -> Scenario:
    """Hardly anything is moved."""
    return defs(CgroupDef("cg_0"))


@ktstr.test(
    duration=1.0,
    checks=Checks(max_cross_node_migration_ratio=0.1),
    expect_fail=ExpectFail(Kind.CROSS_NODE_MIGRATION, "had [1-9][0-9]* pages moved"),
)
def max_cross_node_migration_ratio_is_missed(ctx: Context) -> None:
    """A worker that is sent to the other node has its memory brought after it."""
    for name, value in (("scan_delay_ms", 10), ("scan_period_min_ms", 10)):
        with open(f"{_BALANCING}/{name}", "w", encoding="ascii") as file:
            file.write(str(value))
    played = ctx.run(
        Step(hold=Frac(0.2)),
        Step(ops=(SetCpuset("cg_0", Numa(1)),), hold=Frac(0.8)),
        backdrop=Backdrop((CgroupDef("cg_0", cpuset=Numa(0), works=(_MEMORY,)),)),
    )
    (worker,) = played.workers
    # there are several phases between steps
    moved = [(phase.step, phase.numa_pages_migrated) for phase in worker.phases]
    # a page or two of the program's start may lie on the other node before
    before, after = dict(moved)[0], dict(moved)[1]
    assert before is not None and after and 10 * before < after, moved
    assert sum(count or 0 for _, count in moved) == worker.numa_pages_migrated, moved

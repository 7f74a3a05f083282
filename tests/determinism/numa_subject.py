# SPDX-License-Identifier: Apache-2.0
"""Two nodes: workers that are sent to the other one, and pages that the kernel moves after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr import (
    Backdrop,
    Bursty,
    CachePressure,
    CgroupDef,
    Frac,
    Numa,
    SetCpuset,
    Step,
    Work,
    test,
)

if TYPE_CHECKING:
    from ktstr import Context

_BALANCING = "/sys/kernel/debug/sched/numa_balancing"
_WORKS = (
    Work(CachePressure(size_kb=1024, stride=4096), workers=2),
    Work(Bursty(burst_us=3_000, sleep_us=2_000), workers=2),
)


@test(duration=0.8)
def busy(ctx: Context) -> None:
    """Pages are moved while tasks wake up on both nodes."""
    for name in ("scan_delay_ms", "scan_period_min_ms"):
        with open(f"{_BALANCING}/{name}", "w", encoding="ascii") as file:
            file.write("10")
    played = ctx.run(
        Step(hold=Frac(0.3)),
        Step(ops=(SetCpuset("cg_0", Numa(1)),), hold=Frac(0.4)),
        Step(ops=(SetCpuset("cg_0", Numa(0)),), hold=Frac(0.3)),
        backdrop=Backdrop((CgroupDef("cg_0", cpuset=Numa(0), works=_WORKS),)),
    )
    moved = sum(worker.numa_pages_migrated or 0 for worker in played.workers)
    assert moved > 0, "nothing was moved"

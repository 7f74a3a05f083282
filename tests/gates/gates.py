# SPDX-License-Identifier: Apache-2.0
"""The gate matrix: of every threshold, a loose bound passes and an impossible one fails."""

from ktstr import (
    Backdrop,
    Bursty,
    CgroupDef,
    Disjoint,
    Kind,
    Limits,
    Loop,
    Scenario,
    Step,
    SwapCpusets,
    TopologyView,
    Work,
    defs,
)
from tests.gates.gate import Gate, declare


def crowded(machine: TopologyView) -> Scenario:
    """Three spinners on two CPUs."""
    return defs(CgroupDef("cg_0", works=(Work(workers=3),)))


def napping(machine: TopologyView) -> Scenario:
    """Sleepers that wake up beside spinners."""
    naps = Work(Bursty(burst_us=500, sleep_us=1_000), workers=2)
    return defs(CgroupDef("cg_0", works=(naps,)), CgroupDef("cg_1"))


def thrown_about(machine: TopologyView) -> Scenario:
    """Two cgroups exchange their CPUs ten times a second."""
    cgroups = tuple(CgroupDef(f"cg_{i}", cpuset=Disjoint(i, 2)) for i in range(2))
    swap = Step(ops=(SwapCpusets("cg_0", "cg_1"),), hold=Loop(0.1))
    return Scenario(steps=(swap,), backdrop=Backdrop(cgroups=cgroups))


def weighted(machine: TopologyView) -> Scenario:
    """Two cgroups of different weights, each of which could use both CPUs."""
    return defs(CgroupDef("cg_0"), CgroupDef("cg_1", limits=Limits(weight=300)))


GATES = (
    Gate("max_gap_ms", Kind.STUCK, 10_000, 0.000_001, crowded),
    Gate("max_spread_pct", Kind.UNFAIR, 200, 0.000_001, crowded),
    Gate("max_share_error_pct", Kind.SHARE_ERROR, 1_000, 0.000_001, weighted),
    Gate("max_wake_p99_us", Kind.WAKE_LATENCY, 1_000_000, 0.001, napping),
    Gate("max_wake_cv", Kind.WAKE_LATENCY_CV, 1_000, 0.000_001, napping),
    Gate("max_run_delay_p99_us", Kind.RUN_DELAY, 10_000_000, 0.001, crowded),
    Gate("max_migrations_per_s", Kind.MIGRATION, 100_000, 0.001, thrown_about),
    Gate("max_migration_ratio", Kind.MIGRATION_RATIO, 1_000, 1e-12, thrown_about),
    Gate("max_throughput_cv", Kind.THROUGHPUT_CV, 100, 1e-12, crowded),
    Gate("min_work_per_cpu_s", Kind.WORK_RATE, 1, 1e15, crowded),
    Gate("min_iterations_per_s", Kind.ITERATION_RATE, 1, 1e15, crowded),
    Gate("max_cleanup_ms", Kind.CLEANUP, 60_000, 0.000_001, crowded),
)

for each in GATES:
    declare(each, globals())

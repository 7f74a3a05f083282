# SPDX-License-Identifier: Apache-2.0
"""A test that declares snapshots of all kinds, and one that names what no kernel has."""

from ktstr import (
    CgroupDef,
    Changed,
    Entered,
    Scenario,
    Snapshot,
    TopologyView,
    Work,
    defs,
    it,
    scenario,
    series,
)

# enum scx_ops_enable_state of kernel/sched/ext.c, Linux 6.12
_ENABLED = 1


@scenario(
    duration=0.3,
    snapshots=(
        Snapshot("load", every=0.05, most=5),
        Snapshot("let-go", when=Entered("scx_ops_bypass", times=2)),
        Snapshot("enabled", when=Changed("scx_ops_enable_state_var", it.equals(_ENABLED))),
    ),
    claims=(
        # its workers, and at its begin kernel threads; the agent begins before they do
        series("nr_running", step="0", mean_ms=50).within(3, 12),
        series("nr_switches", cpu=0).rises(),
        series(".bss[0].nr_shared", snapshots="load").rises(),
    ),
)
def watched(machine: TopologyView) -> Scenario:
    """Four spinners on two CPUs."""
    return defs(CgroupDef("busy", works=(Work(workers=4),)))


@scenario(duration=0.3, claims=(series("nr_switches", cpu=0).after("step_start").steady(2),))
def claimed_in_vain(machine: TopologyView) -> Scenario:
    """A CPU switches more than twice."""
    return defs(CgroupDef("busy", works=(Work(workers=4),)))


@scenario(duration=0.1, snapshots=(Snapshot("never", when=Entered("scx_ops_bypas")),))
def mistaken(machine: TopologyView) -> Scenario:
    """A function is misspelt."""
    return defs(CgroupDef("busy"))

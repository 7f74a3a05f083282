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
)

# enum scx_ops_enable_state of kernel/sched/ext.c, Linux 6.12
_ENABLED = 1


@scenario(
    duration=0.3,
    snapshots=(
        Snapshot("load", every=0.05, most=3),
        Snapshot("let-go", when=Entered("scx_ops_bypass", times=2)),
        Snapshot("enabled", when=Changed("scx_ops_enable_state_var", it.equals(_ENABLED))),
    ),
)
def watched(machine: TopologyView) -> Scenario:
    """Four spinners on two CPUs."""
    return defs(CgroupDef("busy", works=(Work(workers=4),)))


@scenario(duration=0.1, snapshots=(Snapshot("never", when=Entered("scx_ops_bypas")),))
def mistaken(machine: TopologyView) -> Scenario:
    """A function is misspelt."""
    return defs(CgroupDef("busy"))

# SPDX-License-Identifier: Apache-2.0
"""NUMA: what only a machine with two nodes and more can show."""

from ktstr import (
    Backdrop,
    Checks,
    Frac,
    Needs,
    Scenario,
    Step,
    SwapCpusets,
    TopologyView,
    scenario,
    scenarios,
)

_CONFINED = Checks(max_gap_ms=500, max_migrations_per_s=40, isolation=True)
_THIRD = Frac(1 / 3)


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(nodes=2))
def cpuset_swap(machine: TopologyView) -> Scenario:
    """Stresses migration between NUMA nodes: two cgroups exchange nodes 0 and 1, and then back."""
    swap = (SwapCpusets("cg_0", "cg_1"),)
    cgroups = scenarios.confine(scenarios.alike(2), machine.nodes[:2])
    return Scenario(
        backdrop=Backdrop(cgroups=cgroups),
        steps=(Step(hold=_THIRD), Step(ops=swap, hold=_THIRD), Step(ops=swap, hold=_THIRD)),
    )

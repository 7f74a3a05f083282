# SPDX-License-Identifier: Apache-2.0
"""Generated: what nobody thought of.  A run is repeated by the seed that its result names."""

from ktstr import Checks, Scenario, TopologyView, scenario, scenarios


@scenario(duration=1.5, checks=Checks(max_gap_ms=1500))
def by_chance(machine: TopologyView, seed: int) -> Scenario:
    """Stresses changes in any order: cgroups, cpusets, weights, masks and moves, by the seed."""
    return scenarios.generated(machine, seed)

# SPDX-License-Identifier: Apache-2.0
"""Advanced: cgroups whose loads differ, so that a scheduler must lend, steal or rebalance."""

import dataclasses

from ktstr import (
    Checks,
    Needs,
    Scenario,
    TopologyView,
    Work,
    YieldHeavy,
    defs,
    scenario,
    scenarios,
)
from ktstr.scenarios import bursty, spinners

_WAKES = Checks(max_gap_ms=1000, max_wake_p99_us=150_000, max_migrations_per_s=25)
_SEVENTEEN = Checks(max_gap_ms=500, max_migrations_per_s=25)
_CROWD = Checks(max_gap_ms=1000, max_migrations_per_s=15)
_FREE = Checks(max_gap_ms=500, max_migrations_per_s=40)
_CONFINED = Checks(max_gap_ms=1000, max_migrations_per_s=40, isolation=True)
_ONE_YIELDS = Work(YieldHeavy(), workers=1)


@scenario(duration=2.0, checks=_SEVENTEEN)
def cgroup_idle_overloaded(machine: TopologyView) -> Scenario:
    """Stresses lending: 16 spinners in one cgroup, one in the other."""
    return defs(*scenarios.unlike(spinners(16), spinners(1)))


@scenario(duration=2.0, checks=_CROWD)
def cgroup_all_loaded(machine: TopologyView) -> Scenario:
    """Stresses not lending: both cgroups have 16 spinners and need all they have."""
    return defs(*scenarios.alike(2, spinners(16)))


@scenario(duration=1.5, checks=_FREE)
def cgroup_llc_overflow(machine: TopologyView) -> Scenario:
    """Stresses spilling over: eight spinners of one cgroup, more than an LLC has CPUs."""
    return defs(*scenarios.alike(1, spinners(8)))


@scenario(duration=2.0, checks=_SEVENTEEN)
def cgroup_load_imbalance(machine: TopologyView) -> Scenario:
    """Stresses weighing by load: 16 spinners against one that only yields."""
    return defs(*scenarios.unlike(spinners(16), _ONE_YIELDS))


@scenario(
    duration=1.5,
    checks=dataclasses.replace(_WAKES, max_wake_p99_us=50_000, isolation=True),
    needs=Needs(cpus=3),
)
def cgroup_cpuset_overlap_imbalance(machine: TopologyView) -> Scenario:
    """Stresses lending over shared CPUs: spinners, a sleeper and a yielder on windows."""
    cgroups = scenarios.unlike(spinners(8), bursty(1, 50, 100), _ONE_YIELDS)
    return defs(*scenarios.confine(cgroups, scenarios.overlapping(machine, 3, 0.5)))


@scenario(duration=2.0, checks=_CONFINED, needs=Needs(cpus=3))
def cgroup_cpuset_overlap_load_imbalance(machine: TopologyView) -> Scenario:
    """Stresses rebalancing over shared CPUs: 16 spinners, a yielder, 4 spinners on windows."""
    cgroups = scenarios.unlike(spinners(16), _ONE_YIELDS, spinners(4))
    return defs(*scenarios.confine(cgroups, scenarios.overlapping(machine, 3, 0.5)))


@scenario(duration=1.5, checks=_WAKES)
def cgroup_bursty_imbalance(machine: TopologyView) -> Scenario:
    """Stresses lending what is asked back soon: eight spinners beside four sleepers."""
    return defs(*scenarios.unlike(spinners(8), bursty(4, 50, 100)))


@scenario(duration=1.5, checks=_WAKES)
def cgroup_bursty_load_shift(machine: TopologyView) -> Scenario:
    """Stresses load that swings: twelve workers that mostly run, four that always do."""
    return defs(*scenarios.unlike(bursty(12, 200, 50), spinners(4)))

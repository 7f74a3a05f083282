# SPDX-License-Identifier: Apache-2.0
"""Affinity: workers that may not run everywhere, by their own mask within their cgroup's cpuset."""

from ktstr import (
    Checks,
    CrossCgroup,
    ExactCpus,
    LlcAligned,
    Mixed,
    Needs,
    RandomSubset,
    Scenario,
    SingleCpu,
    TopologyView,
    Work,
    defs,
    scenario,
    scenarios,
)

_FREE = Checks(max_gap_ms=500, max_migrations_per_s=40)
# who yields is often taken by another CPU next
_YIELDING = Checks(max_gap_ms=500, max_migrations_per_s=100)
_CONFINED = Checks(max_gap_ms=500, max_migrations_per_s=40, isolation=True)


@scenario(duration=1.5, checks=_YIELDING)
def cgroup_inherit(machine: TopologyView) -> Scenario:
    """Stresses nothing but yields: workers of two cgroups without masks, the case to compare by."""
    return defs(*scenarios.alike(2, Work(Mixed())))


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=2))
def cgroup_random(machine: TopologyView) -> Scenario:
    """Stresses masks that differ by worker: each has a random half of its cgroup's half."""
    cgroups = scenarios.alike(2, Work(affinity=RandomSubset()))
    return defs(*scenarios.confine(cgroups, scenarios.split_half(machine)))


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=2))
def cgroup_spanning(machine: TopologyView) -> Scenario:
    """Stresses masks wider than the cpuset: workers ask for all CPUs and may have half of them."""
    cgroups = scenarios.alike(2, Work(affinity=CrossCgroup()))
    return defs(*scenarios.confine(cgroups, scenarios.split_half(machine)))


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=2))
def cgroup_pinned(machine: TopologyView) -> Scenario:
    """Stresses tasks that only one CPU can run: all of a cgroup on its first."""
    cgroups = scenarios.alike(2, Work(affinity=SingleCpu()))
    return defs(*scenarios.confine(cgroups, scenarios.split_half(machine)))


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=3, llcs=2))
def cgroup_cpuset_llc_affinity(machine: TopologyView) -> Scenario:
    """Stresses masks and cpusets that agree: workers bound to the LLC their cgroup has anyway."""
    parts = scenarios.llc_aligned(machine)
    cgroups = scenarios.alike(len(parts), Work(affinity=LlcAligned()))
    return defs(*scenarios.confine(cgroups, parts))


@scenario(duration=1.5, checks=_FREE, needs=Needs(cpus=2))
def change(machine: TopologyView) -> Scenario:
    """Stresses masks that change under load: random halves of the machine, four times."""
    return scenarios.affinity_change()


@scenario(
    duration=1.5,
    checks=Checks(max_gap_ms=500, max_migrations_per_s=40, max_spread_pct=75),
    needs=Needs(cpus=2),
)
def multicpu_pin(machine: TopologyView) -> Scenario:
    """Stresses a crowd on two CPUs of many: all workers bound to the first two."""
    return scenarios.affinity_pinned(machine)


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=3))
def cpuset_multicpu_pin(machine: TopologyView) -> Scenario:
    """Stresses masks inside cpusets: each cgroup's workers on the first two CPUs of its half."""
    halves = scenarios.split_half(machine)
    works = (Work(affinity=ExactCpus(frozenset(sorted(half)[:2]))) for half in halves)
    return defs(*scenarios.confine(scenarios.unlike(*works), halves))

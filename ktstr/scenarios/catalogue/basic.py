# SPDX-License-Identifier: Apache-2.0
"""Basic: two cgroups side by side, and what a scheduler must do about them at the least."""

from ktstr import (
    CgroupDef,
    Checks,
    CpuSpin,
    Needs,
    PipeIo,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
    scenarios,
)

_FREE = Checks(max_gap_ms=500, max_migrations_per_s=40)
_CONFINED = Checks(max_gap_ms=500, max_migrations_per_s=40, isolation=True)


@scenario(duration=1.5, checks=_FREE)
def cgroup_steady(machine: TopologyView) -> Scenario:
    """Stresses nothing: spinners in two cgroups, no more than CPUs, are to be left alone."""
    return scenarios.steady()


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=3, llcs=2))
def cgroup_cpuset_llc_steady(machine: TopologyView) -> Scenario:
    """Stresses cpusets along cache borders: a cgroup on every LLC, which must not leak."""
    return scenarios.steady_llc(machine)


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=3, llcs=2))
def cgroup_cpuset_cross_llc_steady(machine: TopologyView) -> Scenario:
    """Stresses schedulers that think in LLCs: a cpuset that straddles the border of two."""
    cgroups = scenarios.alike(2)
    return defs(*scenarios.confine(cgroups, scenarios.split_misaligned(machine)))


@scenario(duration=1.5, checks=_FREE)
def cgroup_host_contention(machine: TopologyView) -> Scenario:
    """Stresses balance across levels: two cgroups against a spinner for every CPU outside them."""
    return scenarios.host_contention(machine)


@scenario(duration=1.5, checks=Checks(max_gap_ms=500, max_wake_p99_us=100_000))
def cgroup_pipe_io(machine: TopologyView) -> Scenario:
    """Stresses wake-ups beside load: a pair that passes a byte on, and spinners, in each cgroup."""
    works = (Work(PipeIo(), workers=2), Work(CpuSpin()))
    return defs(CgroupDef("cg_0", works=works), CgroupDef("cg_1", works=works))

# SPDX-License-Identifier: Apache-2.0
"""Performance: work whose pace depends on caches and on who is woken where.

CV is the standard deviation by the mean: of rates among the workers of a cgroup, or of wake
latencies.  The bounds are wide, for they are meant for any scheduler.
"""

from ktstr import (
    CachePipe,
    CachePressure,
    CacheYield,
    Checks,
    CpuSpin,
    FanOutCompute,
    FutexFanOut,
    Needs,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
    scenarios,
)

_FAN_OUT = Checks(max_gap_ms=1500, max_wake_cv=10, max_wake_p99_us=150_000)


@scenario(duration=1.5, checks=Checks(max_gap_ms=1500, max_throughput_cv=1.0))
def cache_pressure_imbalance(machine: TopologyView) -> Scenario:
    """Stresses keeping tasks where their data is: cache walkers beside a spinner for every CPU."""
    spinners = Work(CpuSpin(), workers=len(machine.cpus))
    return defs(*scenarios.unlike(Work(CachePressure(size_kb=32, stride=64)), spinners))


@scenario(
    duration=1.5,
    checks=Checks(max_gap_ms=1500, max_throughput_cv=1.0, isolation=True),
    needs=Needs(cpus=3, llcs=2),
)
def cache_yield_wake_affine(machine: TopologyView) -> Scenario:
    """Stresses coming back to a warm cache: walkers that yield, a cgroup on each of two LLCs."""
    cgroups = scenarios.alike(2, Work(CacheYield(size_kb=32, stride=64)))
    return defs(*scenarios.confine(cgroups, scenarios.llc_aligned(machine)[:2]))


@scenario(
    duration=1.5,
    checks=Checks(max_gap_ms=1500, max_wake_cv=15, max_wake_p99_us=150_000),
)
def cache_pipe_io_compute_imbalance(machine: TopologyView) -> Scenario:
    """Stresses wake-ups that carry data: pairs with warm caches beside a spinner for every CPU."""
    spinners = Work(CpuSpin(), workers=len(machine.cpus))
    pairs = Work(CachePipe(size_kb=32, spin=1024), workers=2)
    return defs(*scenarios.unlike(pairs, spinners))


@scenario(duration=1.5, checks=_FAN_OUT)
def fan_out_wake(machine: TopologyView) -> Scenario:
    """Stresses waking many at once: one messenger wakes four, in two cgroups."""
    return defs(*scenarios.alike(2, Work(FutexFanOut(fan_out=4, spin=1024), workers=5)))


@scenario(duration=1.5, checks=_FAN_OUT)
def fan_out_compute(machine: TopologyView) -> Scenario:
    """Stresses the same where each of the woken computes on a cache-sized matrix."""
    work = FanOutCompute(fan_out=4, footprint_kb=256, operations=5, sleep_us=100)
    return defs(*scenarios.alike(2, Work(work, workers=5)))

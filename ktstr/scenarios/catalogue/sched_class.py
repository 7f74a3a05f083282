# SPDX-License-Identifier: Apache-2.0
"""Scheduling classes and policies: what else runs beside a sched_ext scheduler's own tasks."""

from ktstr import (
    Bursty,
    Checks,
    Needs,
    Policy,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
    scenarios,
)

# Four spinners on what real-time tasks leave of four CPUs have up to 33 turns of 20 ms a second
# each, and go to another CPU for each where all CPUs share a queue.
_REAL_TIME = Checks(max_gap_ms=2000, max_migrations_per_s=35)
_FREE = Checks(max_gap_ms=500, max_migrations_per_s=40)
_BURSTY = Bursty(burst_us=500_000, sleep_us=250_000)


@scenario(duration=1.5, checks=_FREE)
def batch(machine: TopologyView) -> Scenario:
    """Stresses nothing more than BATCH tasks: spinners that are to be preempted rarely."""
    return defs(*scenarios.alike(2, Work(policy=Policy.BATCH)))


@scenario(duration=1.5, checks=_FREE)
def idle(machine: TopologyView) -> Scenario:
    """Stresses tasks of the least weight, which must still run where nobody else wants to."""
    return defs(*scenarios.alike(2, Work(policy=Policy.IDLE)))


@scenario(duration=2.0, checks=_REAL_TIME, needs=Needs(cpus=2))
def fifo(machine: TopologyView) -> Scenario:
    """Stresses tasks whose CPU a FIFO task takes for half a second at a time."""
    real_time = Work(_BURSTY, workers=1, policy=Policy.FIFO, rt_priority=1)
    return defs(*scenarios.alike(2, real_time, Work()))


@scenario(duration=2.0, checks=_REAL_TIME, needs=Needs(cpus=3))
def rr(machine: TopologyView) -> Scenario:
    """Stresses the same with RR tasks, two in each cgroup."""
    real_time = Work(_BURSTY, workers=2, policy=Policy.RR, rt_priority=1)
    return defs(*scenarios.alike(2, real_time, Work()))


@scenario(
    duration=2.0, checks=Checks(max_gap_ms=3000, max_migrations_per_s=12), needs=Needs(cpus=3)
)
def mixed(machine: TopologyView) -> Scenario:
    """Stresses everything at once: NORMAL, BATCH, IDLE and a FIFO task in each of two cgroups."""
    spinning = (Work(workers=2, policy=p) for p in (Policy.NORMAL, Policy.BATCH, Policy.IDLE))
    real_time = Work(_BURSTY, workers=1, policy=Policy.FIFO, rt_priority=1)
    return defs(*scenarios.alike(2, *spinning, real_time))

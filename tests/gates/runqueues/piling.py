# SPDX-License-Identifier: Apache-2.0
"""What the monitor's checks find where a scheduler piles its tasks up on one CPU, and where not."""

from ktstr import (
    Bursty,
    CgroupDef,
    Checks,
    Exact,
    ExpectFail,
    Kind,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
)

_SHARED = ("--set", "pile=false")
_DEPTH = Checks(not_starved=False, max_local_dsq_depth=2)
_BALANCE = Checks(not_starved=False, max_imbalance_ratio=3)
_CLOCKS = Checks(not_starved=False, no_stall=True)
_WAITS = Checks(not_starved=False, max_idle_beside_wait_ms=100)


def _four(machine: TopologyView) -> Scenario:
    """A spinner for each CPU."""
    return defs(CgroupDef("cg_0", works=(Work(workers=len(machine.cpus)),)))


def _beside_a_sleeper(machine: TopologyView) -> Scenario:
    """As many spinners as CPUs, and one that wakes up on CPU 1 alone, and goes to sleep again."""
    nap = Work(Bursty(burst_us=500, sleep_us=2_000))
    naps = CgroupDef("naps", works=(nap,), cpuset=Exact(frozenset({1})))
    return defs(CgroupDef("cg_0", works=(Work(workers=len(machine.cpus)),)), naps)


@scenario(
    duration=1.0, checks=_DEPTH, expect_fail=ExpectFail(Kind.LOCAL_DSQ_DEPTH, "CPU 0 had 3 tasks")
)
def a_long_local_dsq(machine: TopologyView) -> Scenario:
    """One task runs, and the other three wait in the same CPU's queue."""
    return _four(machine)


@scenario(duration=1.0, checks=_DEPTH, scheduler_args=_SHARED)
def short_local_dsqs(machine: TopologyView) -> Scenario:
    """With one queue for all none waits on a CPU."""
    return _four(machine)


@scenario(
    duration=1.0,
    checks=_BALANCE,
    expect_fail=ExpectFail(Kind.IMBALANCE, "of CPUs 0-3 the fullest runqueue had [4-9] times"),
)
def one_full_runqueue(machine: TopologyView) -> Scenario:
    """Four tasks on one runqueue, none on the others."""
    return _four(machine)


@scenario(duration=1.0, checks=_BALANCE, scheduler_args=_SHARED)
def runqueues_alike(machine: TopologyView) -> Scenario:
    """One task on each."""
    return _four(machine)


@scenario(
    duration=1.0,
    checks=_WAITS,
    expect_fail=ExpectFail(
        Kind.IDLE_BESIDE_WAIT, r"CPU [123] went idle .* while w0\.0\.\d\[\d+\], .* on CPU 0 for"
    ),
)
def idle_beside_a_pile(machine: TopologyView) -> Scenario:
    """CPU 1 goes idle all the time, while tasks wait that may run there."""
    return _beside_a_sleeper(machine)


@scenario(duration=1.0, checks=_WAITS, scheduler_args=_SHARED)
def nobody_waits_beside_idle_cpus(machine: TopologyView) -> Scenario:
    """Whoever waits is taken by the first CPU that has time."""
    return _beside_a_sleeper(machine)


@scenario(
    duration=1.0,
    checks=_CLOCKS,
    scheduler_args=(*_SHARED, "--set", "hog=true"),
    expect_fail=ExpectFail(Kind.RUNQUEUE_STALL, r"the clock of CPU 1's runqueue stood for \d+ ms"),
)
def a_clock_that_stands(machine: TopologyView) -> Scenario:
    """CPU 1 is in dispatch() for some tenths of a second, with interrupts off."""
    return _four(machine)


@scenario(duration=1.0, checks=_CLOCKS, scheduler_args=_SHARED)
def clocks_that_go(machine: TopologyView) -> Scenario:
    """The same without that."""
    return _four(machine)

# SPDX-License-Identifier: Apache-2.0
"""What sched_ext counts of a scheduler's mistakes, on a kernel that counts them."""

from ktstr import (
    Backdrop,
    Bursty,
    CgroupDef,
    Checks,
    Exact,
    ExpectFail,
    Frac,
    Kind,
    OfflineCpu,
    Scenario,
    Step,
    TopologyView,
    Work,
    defs,
    scenario,
)

_BLIND = ("--set", "blind=true")
_DEAF = ("--set", "deaf=true")
_SHORT_TURNS = ("--set", "slice_ns=2000000")
_FALLBACK = Checks(not_starved=False, max_fallback_rate=20)
_KEEP_LAST = Checks(not_starved=False, max_keep_last_rate=50)
_EVENTS = Checks(not_starved=False, no_scx_error_events=True)


def _napping(machine: TopologyView) -> Scenario:
    """Tasks that wake up all the time, and may not run on CPU 0."""
    naps = Work(Bursty(burst_us=500, sleep_us=2_000), workers=2)
    return defs(CgroupDef("cg_0", works=(naps,), cpuset=Exact(frozenset({1, 2}))))


def _spinning(machine: TopologyView, each: int) -> Scenario:
    """So many spinners for each CPU."""
    return defs(CgroupDef("cg_0", works=(Work(workers=each * len(machine.cpus)),)))


def _going(machine: TopologyView) -> Scenario:
    """The last CPU is away for one step of three, while tasks wake up all over."""
    naps = Work(Bursty(burst_us=500, sleep_us=2_000), workers=2 * len(machine.cpus))
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0", works=(naps,)),)),
        steps=(
            Step(hold=Frac(0.3)),
            Step(ops=(OfflineCpu(3),), hold=Frac(0.5)),
            Step(hold=Frac(0.2)),
        ),
    )


@scenario(
    duration=1.0,
    checks=_FALLBACK,
    scheduler_args=_BLIND,
    expect_fail=ExpectFail(
        Kind.FALLBACK_RATE, r"\d+ times select_cpu\(\) gave a CPU that a task may not use"
    ),
)
def cpus_that_tasks_may_not_use(machine: TopologyView) -> Scenario:
    """CPU 0 is named for tasks that may have CPUs 1 and 2."""
    return _napping(machine)


@scenario(duration=1.0, checks=_FALLBACK)
def cpus_that_tasks_may_use(machine: TopologyView) -> Scenario:
    """The kernel's own choice keeps to masks."""
    return _napping(machine)


@scenario(
    duration=1.0,
    checks=_KEEP_LAST,
    scheduler_args=_SHORT_TURNS,
    expect_fail=ExpectFail(
        Kind.KEEP_LAST_RATE, r"\d+ times dispatch\(\) left a CPU nothing but the task that ran"
    ),
)
def many_turns_of_the_same_task(machine: TopologyView) -> Scenario:
    """Each CPU asks at every tick whom to run, and goes on with the only one there is."""
    return _spinning(machine, each=1)


@scenario(duration=1.0, checks=_KEEP_LAST, scheduler_args=_SHORT_TURNS)
def many_turns_of_others(machine: TopologyView) -> Scenario:
    """The same where somebody always waits."""
    return _spinning(machine, each=3)


@scenario(
    duration=2.0,
    checks=_EVENTS,
    scheduler_args=_DEAF,
    expect_fail=ExpectFail(
        Kind.SCX_EVENTS, r"tasks were dispatched to the local DSQ of an offline CPU \(SCX_EV_DISP"
    ),
)
def tasks_for_a_cpu_that_is_gone(machine: TopologyView) -> Scenario:
    """The local DSQ of a CPU that has gone gets tasks, which the kernel puts elsewhere."""
    return _going(machine)


@scenario(duration=2.0, checks=_EVENTS)
def no_tasks_for_a_cpu_that_is_gone(machine: TopologyView) -> Scenario:
    """The same without that mistake."""
    return _going(machine)

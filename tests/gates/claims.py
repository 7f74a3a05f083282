# SPDX-License-Identifier: Apache-2.0
"""Claims, checks of single steps, and a cpuset that is left, in real guests."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import ktstr
from ktstr import (
    Backdrop,
    CgroupDef,
    Checks,
    Exact,
    ExpectFail,
    Fixed,
    Kind,
    Scenario,
    Step,
    TopologyView,
    Work,
    defs,
    it,
    scenario,
    stat,
)

if TYPE_CHECKING:
    from ktstr import Context

_PROCS = "/sys/fs/cgroup/ktstr/cg_0/cgroup.procs"


@scenario(
    duration=0.4,
    claims=(
        stat("cg_0.iterations").at_least(1),
        stat("cg_0.share_max_pct").between(1, 101),
        stat("total.workers").equals(3),
        stat("total.cleanup_max_ms").is_finite(),
    ),
)
def figures_are_as_claimed(machine: TopologyView) -> Scenario:
    """Claims about the result's own figures hold."""
    return defs(CgroupDef("cg_0", works=(Work(workers=3),)))


@scenario(
    duration=0.4,
    claims=(stat("cg_0.iterations").at_most(1), stat("cg_0.workers").equals(2)),
    expect_fail=ExpectFail(Kind.CLAIM, r"claim 'cg_0.iterations': \d+ is not at most 1"),
)
def a_figure_that_is_not_as_claimed(machine: TopologyView) -> Scenario:
    """A claim that does not hold fails the test, by its name, value and bound."""
    return defs(CgroupDef("cg_0"))


@ktstr.test(duration=0.3)
def a_function_claims(ctx: Context) -> None:
    """What a function claims is judged by the host, and holds."""
    played = ctx.run(CgroupDef("cg_0"))
    cpus = {cpu for worker in played.workers for cpu in worker.ran_on}
    ctx.claim("cpus", cpus).non_empty().subset_of(ctx.topology.cpus)
    ctx.claim("workers", len(played.workers)).equals(2)
    ctx.claim("units", sum(worker.work_units for worker in played.workers)).above(0)
    ctx.claim("gap", played.workers[0].max_gap_ns).any_of(it.below(0), it.at_least(0))


@ktstr.test(duration=0.2, expect_fail=ExpectFail(Kind.CLAIM, "claim 'first': 1 is not at least 2"))
def a_function_goes_on_after_a_wrong_claim(ctx: Context) -> None:
    """Both claims that do not hold are told."""
    ctx.run(CgroupDef("cg_0"))
    ctx.claim("first", 1).at_least(2)
    ctx.claim("second", [1, 2]).contains(3)


@scenario(
    expect_fail=ExpectFail(Kind.STUCK, r"^step 1 \(tight\): cg_0 worker 0.0"),
    checks=Checks(max_gap_ms=10_000),
)
def a_step_has_checks_of_its_own(machine: TopologyView) -> Scenario:
    """The bound that nothing meets holds in the second step alone, whose name is told."""
    tight = Step(hold=Fixed(0.2), name="tight", checks=Checks(max_gap_ms=0.000_001))
    return Scenario(
        steps=(Step(hold=Fixed(0.2), name="loose"), tight),
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0", works=(Work(workers=1),)),)),
    )


@scenario(duration=0.3, checks=Checks(isolation=True))
def isolation_is_kept(machine: TopologyView) -> Scenario:
    """Workers stay on their CPU."""
    return defs(CgroupDef("cg_0", cpuset=Exact(frozenset({0}))))


@ktstr.test(
    duration=0.5,
    checks=Checks(isolation=True),
    expect_fail=ExpectFail(Kind.ISOLATION, "outside its cpuset 0"),
)
def isolation_is_broken(ctx: Context) -> None:
    """Somebody takes the workers out of their cgroup, and so to the other CPU."""
    begun = threading.Event()
    thief = threading.Thread(target=_take_out, args=(begun,))
    thief.start()
    ctx.run(CgroupDef("cg_0", cpuset=Exact(frozenset({0}))))
    begun.set()
    thief.join()


def _take_out(over: threading.Event) -> None:
    while not over.wait(0.02):
        if not os.path.exists(_PROCS):
            continue
        with open(_PROCS, encoding="ascii") as file:
            pids = [int(line) for line in file]
        for pid in pids:
            with open("/sys/fs/cgroup/cgroup.procs", "w", encoding="ascii") as file:
                file.write(str(pid))
            os.sched_setaffinity(pid, {1})
        if pids:
            return

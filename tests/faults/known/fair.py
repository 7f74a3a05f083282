# SPDX-License-Identifier: Apache-2.0
"""Faults of EEVDF, of groups, and of bandwidth control."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ktstr import (
    Backdrop,
    CgroupDef,
    Checks,
    CpuSpin,
    ExactCpus,
    ExpectFail,
    Fixed,
    Frac,
    Kind,
    Limits,
    Scenario,
    SetKernel,
    SetLimits,
    SpawnHost,
    Step,
    Work,
)
from tests.faults.known.fault import Fault, declare
from tests.faults.known.loads import DELAYED, ONE, cpus, naps, spins

if TYPE_CHECKING:
    from ktstr import Context

_GROUPS = Path("/sys/fs/cgroup")


def _delayed(ctx: Context) -> None:
    ctx.run(*DELAYED)


def _nested(ctx: Context) -> None:
    inner = (CgroupDef("a", ONE, works=None), naps("a/b", 2_000, 3_000), spins("a/c"))
    ctx.run(*inner, spins("d"))


def _throttled(ctx: Context) -> None:
    ctx.run(CgroupDef("q", ONE, works=spins("q", 2).works, limits=Limits(quota=0.3)))


def _lost(ctx: Context) -> None:
    cgroup = CgroupDef("q", ONE, works=spins("q", 2).works, limits=Limits(quota=0.3))
    # a change of the quota lets all go on, once: or nobody would ever end
    let_go = (SetKernel("ktstr_faults_on", 0), SetLimits("q", Limits(quota=0.4)))
    ctx.run(
        Scenario(
            backdrop=Backdrop(cgroups=(cgroup,)),
            steps=(Step(hold=Frac(0.7)), Step(ops=let_go, hold=Frac(0.3))),
        )
    )


def _unthrottled_beside_delayed(ctx: Context) -> None:
    # ktstr's own group is delayed, once its sleeper sleeps and the others are throttled
    host = SpawnHost(Work(CpuSpin(), workers=1, affinity=ExactCpus(frozenset({0}))))
    limited = Limits(quota=0.1, period_us=10_000)
    inner = (CgroupDef("b", ONE, works=spins("b").works, limits=limited), naps("t", 2_000, 3_000))
    ctx.run(Scenario(backdrop=Backdrop(cgroups=inner, ops=(host,)), steps=(Step(),)))


def _born_throttled(ctx: Context) -> None:
    parent = CgroupDef("p", ONE, works=None, limits=Limits(quota=0.1))
    steps = tuple(Step(setup=(spins(f"p/{i}"),), hold=Fixed(0.13)) for i in range(6))
    ctx.run(Scenario(backdrop=Backdrop(cgroups=(parent, spins("p/first"))), steps=steps))


def _limited(ctx: Context) -> None:
    ctx.run(CgroupDef("q", ONE, works=spins("q").works, limits=Limits(quota=0.5)))


def _burst(ctx: Context) -> None:
    group = _GROUPS / "burst"
    (_GROUPS / "cgroup.subtree_control").write_text("+cpu", encoding="ascii")
    group.mkdir()
    (group / "cpu.max").write_text("50000 100000", encoding="ascii")
    (group / "cpu.max.burst").write_text("20000", encoding="ascii")
    (group / "cpu.max").write_text("60000 100000", encoding="ascii")
    burst = int((group / "cpu.max.burst").read_text(encoding="ascii"))
    group.rmdir()
    ctx.claim("cpu.max.burst", burst).equals(20_000)


def _shared(ctx: Context) -> None:
    everywhere = tuple(
        Work(CpuSpin(), workers=2, affinity=ExactCpus(frozenset({cpu}))) for cpu in range(3)
    )
    ctx.run(spins("few"), CgroupDef("many", cpus(0, 1, 2), works=everywhere))


FAULTS = (
    Fault(
        "h_nr_runnable",
        "3429dd57f0de",
        "A delayed group counts as a task less that can run, which was counted already.",
        "Counts below 0: load balancing and frequencies went by wrong numbers.",
        _delayed,
        ExpectFail(Kind.INVARIANT, "cfs-h-nr"),
        elsewhere="h_nr_runnable",
        duration=2.0,
    ),
    Fault(
        "vruntime_overflow",
        "bbce3de72be5",
        "The slice of a group is taken from a queue without entities.",
        "Slices of 0 or without end, vruntimes that overflow, and a crash where none may run.",
        _nested,
        ExpectFail(Kind.INVARIANT, "entity-slice"),
        elsewhere="vruntime_overflow",
        duration=2.0,
    ),
    Fault(
        "delayed_group",
        "9b5ce1a37e90",
        "A throttled group comes back below one whose dequeue is delayed.",
        "Tasks below a group that counts as empty: it is dequeued with them.",
        _unthrottled_beside_delayed,
        ExpectFail(Kind.INVARIANT, "entity-delayed-group|cfs-h-nr"),
        elsewhere="planned",
        duration=3.0,
    ),
    Fault(
        "throttled_list",
        "rule",
        "A queue that is throttled is not put onto its group's list.",
        "Its tasks never run again (as with the list's starvation, baa9be4ffb55).",
        _lost,
        ExpectFail(Kind.INVARIANT, "throttled-list"),
    ),
    Fault(
        "leaf_list",
        "a7b359fc6a37",
        "A queue that is unthrottled is not put back onto the list that load tracking goes along.",
        "Its load never decayed: groups had less than their share from then on.",
        _throttled,
        ExpectFail(Kind.INVARIANT, "leaf-active|leaf-list-parents"),
    ),
    Fault(
        "throttle_sync",
        "094f469172e0",
        "A new group below a throttled one does not know that it is throttled.",
        "It was unthrottled more often than throttled: its tasks ran, or never did.",
        _born_throttled,
        ExpectFail(Kind.INVARIANT, "throttle-count"),
    ),
    Fault(
        "hierarchical_quota",
        "c98c18270be1",
        "A group with a quota below one without counts as one without.",
        "With nohz_full the tick stopped, and such groups overran their quota.",
        _limited,
        ExpectFail(Kind.INVARIANT, "group-quota-known"),
        elsewhere="planned",
    ),
    Fault(
        "burst_unit",
        "49217ea147df",
        "Setting cpu.max takes microseconds of the burst for nanoseconds.",
        "The burst that was set was gone after each change of the quota.",
        _burst,
        ExpectFail(Kind.CLAIM, "cpu.max.burst"),
        elsewhere="planned",
    ),
    Fault(
        "group_shares",
        "ea1dc6fc6242",
        "A group's weight on a CPU is made of its load in other units than that of all CPUs.",
        "A group had its whole weight on each of its CPUs.",
        _shared,
        ExpectFail(Kind.SHARE_ERROR),
        checks=Checks(max_share_error_pct=37),
        duration=2.0,
    ),
)

declare(globals(), *FAULTS)

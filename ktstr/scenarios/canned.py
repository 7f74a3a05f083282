# SPDX-License-Identifier: Apache-2.0
"""Scenarios that are ready to play, each a function of the machine where it depends on it.

Their steps last fractions of the test's duration.  Workers that are not counted here are as many
as the test's `workers_per_cgroup`.
"""

from __future__ import annotations

from itertools import pairwise

from ktstr.model.machine.cpuset import Exact
from ktstr.model.machine.topology import TopologyView
from ktstr.model.scenario.scenario import (
    Backdrop,
    CgroupDef,
    ClearCpuset,
    Frac,
    MoveAllTasks,
    RemoveCgroup,
    Scenario,
    SetAffinity,
    SetCpuset,
    Spawn,
    SpawnHost,
    Step,
    defs,
)
from ktstr.model.work.types import Bursty, CpuSpin, Mixed, YieldHeavy
from ktstr.model.work.work import ExactCpus, RandomSubset, Work
from ktstr.scenarios.cgroups import alike, confine
from ktstr.scenarios.partition import Partition, llc_aligned, split_half, uneven

_HALF, _THIRD, _FIFTH = Frac(1 / 2), Frac(1 / 3), Frac(1 / 5)


def steady() -> Scenario:
    """Two cgroups of spinning workers, the simplest load there is."""
    return defs(*alike(2))


def steady_llc(machine: TopologyView) -> Scenario:
    """A cgroup of spinning workers on every LLC."""
    parts = llc_aligned(machine)
    return defs(*confine(alike(len(parts)), parts))


def oversubscribed() -> Scenario:
    """Two cgroups of 32 workers each that spin and yield in turns."""
    return defs(*alike(2, Work(Mixed(), workers=32)))


def cpuset_apply(machine: TopologyView) -> Scenario:
    """Two cgroups roam the machine, and get a half each at half-time."""
    return Scenario(
        backdrop=Backdrop(cgroups=alike(2)),
        steps=(Step(hold=_HALF), _narrowed(split_half(machine), _HALF)),
    )


def cpuset_clear(machine: TopologyView) -> Scenario:
    """Two cgroups have a half of the machine each, and lose their cpusets at half-time."""
    return Scenario(
        backdrop=Backdrop(cgroups=confine(alike(2), split_half(machine))),
        steps=(
            Step(hold=_HALF),
            Step(ops=(ClearCpuset("cg_0"), ClearCpuset("cg_1")), hold=_HALF),
        ),
    )


def cpuset_resize(machine: TopologyView) -> Scenario:
    """The border between two cgroups moves: halves, then 1:3, then 3:1."""
    return Scenario(
        backdrop=Backdrop(cgroups=confine(alike(2), split_half(machine))),
        steps=(
            Step(hold=_THIRD),
            _narrowed(uneven(machine, 0.25), _THIRD),
            _narrowed(uneven(machine, 0.75), _THIRD),
        ),
    )


def cgroup_add() -> Scenario:
    """Beside two cgroups, two more appear at half-time."""
    return Scenario(
        backdrop=Backdrop(cgroups=alike(2)),
        steps=(Step(hold=_HALF), Step(setup=alike(4)[2:], hold=_HALF)),
    )


def cgroup_remove() -> Scenario:
    """Of four cgroups, two go at half-time, with their workers."""
    return Scenario(
        backdrop=Backdrop(cgroups=alike(4)),
        steps=(
            Step(hold=_HALF),
            Step(ops=(RemoveCgroup("cg_2"), RemoveCgroup("cg_3")), hold=_HALF),
        ),
    )


def affinity_change() -> Scenario:
    """The workers of two cgroups get other random halves of the machine, four times."""
    ops = (SetAffinity("cg_0", RandomSubset()), SetAffinity("cg_1", RandomSubset()))
    return Scenario(
        backdrop=Backdrop(cgroups=alike(2)),
        steps=(Step(hold=_FIFTH), *(Step(ops=ops, hold=_FIFTH) for _ in range(4))),
    )


def affinity_pinned(machine: TopologyView) -> Scenario:
    """All workers of two cgroups are bound to the first two CPUs."""
    two = ExactCpus(frozenset(sorted(machine.cpus)[:2]))
    return defs(*alike(2, Work(affinity=two)))


def host_contention(machine: TopologyView) -> Scenario:
    """Two cgroups beside a spinner for every CPU in the harness's own cgroup."""
    spinners = Work(CpuSpin(), workers=len(machine.cpus))
    return Scenario(
        backdrop=Backdrop(cgroups=alike(2), ops=(SpawnHost(spinners),)), steps=(Step(),)
    )


def mixed_workloads() -> Scenario:
    """Two cgroups with spinning, yielding and bursty workers each."""
    bursty = Bursty(burst_us=50_000, sleep_us=100_000)
    return defs(*alike(2, Work(CpuSpin()), Work(YieldHeavy()), Work(bursty)))


def nested_steady() -> Scenario:
    """Workers in cgroups two and three levels deep, in uneven branches."""
    return defs(
        CgroupDef("cg_0", works=None),
        CgroupDef("cg_0/sub_a"),
        CgroupDef("cg_0/sub_b"),
        CgroupDef("cg_1", works=None),
        CgroupDef("cg_1/sub_a", works=None),
        CgroupDef("cg_1/sub_a/deep"),
        CgroupDef("cg_1/sub_b"),
    )


def nested_task_move() -> Scenario:
    """Running workers move within their branch, to a deeper level of the other, and up again."""
    path = ("cg_0/sub_a", "cg_0/sub_b", "cg_1/sub_a/deep", "cg_1/sub_b")
    cgroups = ("cg_0", "cg_0/sub_a", "cg_0/sub_b", "cg_1", "cg_1/sub_a", "cg_1/sub_a/deep")
    return Scenario(
        backdrop=Backdrop(
            cgroups=tuple(CgroupDef(name, works=None) for name in (*cgroups, "cg_1/sub_b")),
            ops=(Spawn(path[0], Work()),),
        ),
        steps=(
            Step(hold=Frac(1 / 4)),
            *(Step(ops=(MoveAllTasks(a, b),), hold=Frac(1 / 4)) for a, b in pairwise(path)),
        ),
    )


def _narrowed(parts: Partition, hold: Frac) -> Step:
    ops = tuple(SetCpuset(f"cg_{i}", Exact(part)) for i, part in enumerate(parts))
    return Step(ops=ops, hold=hold)

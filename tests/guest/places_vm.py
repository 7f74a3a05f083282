# SPDX-License-Identifier: Apache-2.0
"""Where schedulers and tests look, seen from within a guest."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ktstr import (
    AttachScheduler,
    CgroupDef,
    DetachScheduler,
    ExpectFail,
    Fixed,
    Kind,
    ReplaceScheduler,
    Scenario,
    Step,
    TopologyView,
    defs,
    scenario,
    test,
)

if TYPE_CHECKING:
    from ktstr import Context

_MOUNT = "/sys/fs/cgroup"


def _cgroups(program: str) -> set[str]:
    """The cgroups of the processes of a program."""
    found = set()
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                words = file.read().split("\0")
            if os.path.basename(words[0]) == program:
                with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
                    found.add(file.read().strip().removeprefix("0::"))
        except OSError:
            continue
    return found


@test(duration=1.0)
def everything_is_where_it_was_asked_for(ctx: Context) -> None:
    """The scheduler's process, the workload's root before there is a worker, and the files."""
    assert _cgroups("scx-loader") == {"/system/scheduler"}, _cgroups("scx-loader")
    with open(f"{_MOUNT}/tests/tenants/cgroup.controllers", encoding="ascii") as file:
        assert {"cpu", "cpuset"} <= set(file.read().split())
    assert not [each for each in os.scandir(f"{_MOUNT}/tests/tenants") if each.is_dir()]
    with open(ctx.data("words/table.txt"), encoding="utf-8") as file:
        assert file.read().startswith("# SPDX-License-Identifier"), "another file"
    ctx.run(CgroupDef("a"), hold=Fixed(0.1))
    assert not os.path.exists(f"{_MOUNT}/ktstr"), "the default root was made"


@scenario(duration=1.0)
def a_scenario_is_below_its_root(machine: TopologyView) -> Scenario:
    """The same as data; a cgroup below another gets its controllers, too."""
    return defs(CgroupDef("a", works=None), CgroupDef("a/b"))


@test(duration=1.0)
def one_by_commands_comes_and_goes_beside_others(ctx: Context) -> None:
    """Who is attached is known by name: sched_ext shows nothing of one that is in the kernel."""
    cgroup = (CgroupDef("a"),)
    ctx.run(Step(ops=(ReplaceScheduler("no_wakeup_preemption"),), setup=cgroup, hold=Fixed(0.1)))
    ctx.run(Step(ops=(DetachScheduler(),), setup=cgroup, hold=Fixed(0.1)))
    ctx.run(Step(ops=(AttachScheduler(),), setup=cgroup, hold=Fixed(0.1)))


@scenario(
    duration=1.0,
    expect_fail=ExpectFail(Kind.SCHEDULER_NOT_LOADED, "enable command 2 of 2, `echo NO_SUCH"),
)
def a_feature_that_the_kernel_lacks(machine: TopologyView) -> Scenario:
    """The kernel refuses the second command; what the first one did is undone."""
    return Scenario((Step(ops=(ReplaceScheduler("no_such_feature"),), setup=(CgroupDef("a"),)),))

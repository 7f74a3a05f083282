# SPDX-License-Identifier: Apache-2.0
"""Maps of every kind that scx_qmap of the kernel's tools has, read from outside."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ktstr import (
    Backdrop,
    CgroupDef,
    Fixed,
    MapValue,
    OnTimeout,
    Scenario,
    Step,
    TopologyView,
    WaitFor,
    it,
    scenario,
    test,
)
from ktstr.model.errors import NoSuchName

if TYPE_CHECKING:
    from ktstr import Context


@test()
def an_entry_for_each_cpu(ctx: Context) -> None:
    """A structure, and a part of it, of each; and one CPU's is set."""
    played = ctx.run(CgroupDef("cg_0"), hold=Fixed(0.2))
    assert all(worker.work_units for worker in played.workers)
    entries = ctx.map("cpu_ctx_stor")[0]
    assert len(entries) >= len(ctx.topology.cpus), entries
    assert all(entry.dsp_cnt >= 0 for entry in entries)
    ctx.map("cpu_ctx_stor").write(0, "cpuperf_target", 77, cpu=1)
    assert ctx.map("cpu_ctx_stor").read(0, "cpuperf_target")[1] == 77


@test()
def the_storage_of_a_task(ctx: Context) -> None:
    """By the PID of the task, whoever that is."""
    pid = os.fork()
    if pid == 0:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        while True:
            pass
    try:
        ctx.run(CgroupDef("cg_0"), hold=Fixed(0.2))
        entry = ctx.map("task_ctx_stor")[pid]
        assert entry.force_local in (False, True)
        ctx.claim("a task's place in its queue", entry.core_sched_seq).at_least(0)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    try:
        ctx.map("task_ctx_stor")[1 << 20]
    except NoSuchName as error:
        assert "has no element" in str(error), error
    else:
        raise AssertionError("there is no such task")


@scenario(duration=2.0)
def a_wait_that_looks_a_hundred_times(machine: TopologyView) -> Scenario:
    """A value that never comes, of a global of a scheduler with its own user space."""
    del machine
    never = WaitFor(MapValue(".bss", 0, "nr_enqueued", it.below(0)), 1.0, OnTimeout.GO_ON)
    soon = WaitFor(MapValue(".bss", 0, "nr_enqueued", it.above(0)), 1.0, OnTimeout.FAIL)
    return Scenario(
        backdrop=Backdrop((CgroupDef("cg_0"),)),
        steps=(Step(ops=(never, soon), hold=Fixed(0.2)),),
    )

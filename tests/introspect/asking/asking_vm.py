# SPDX-License-Identifier: Apache-2.0
"""Guests that ask the host for the state of their kernel, and set it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ktstr import (
    Backdrop,
    CgroupDef,
    Fixed,
    KernelValue,
    OnTimeout,
    Scenario,
    Step,
    WaitFor,
    defs,
    it,
    scenario,
    test,
)
from ktstr.model.errors import NoSuchName, UsageError

if TYPE_CHECKING:
    from ktstr import Context


@contextmanager
def _refused(kind: type[Exception], words: str) -> Iterator[None]:
    try:
        yield
    except kind as error:
        assert words in str(error), error
    else:
        raise AssertionError(f"not refused: {words}")


@test()
def numbers_of_the_kernel(ctx: Context) -> None:
    """What the guest itself sees of them by other ways."""
    assert ctx.kernel.read("nr_cpu_ids") == len(ctx.topology.cpus)
    before = ctx.kernel.read("jiffies")
    time.sleep(0.1)
    after = ctx.kernel.read("jiffies")
    # HZ is 250 in the kernels here, and two sleeps are not exactly as long as they should be
    assert 20 <= after - before <= 100, (before, after)
    ctx.claim("jiffies that went by", after - before).between(20, 100)


@test()
def structures(ctx: Context) -> None:
    """By their types; what each CPU has, by CPU."""
    assert ctx.kernel.read("init_task.comm", type="task_struct") == "swapper/0"
    task = ctx.kernel.read("init_task.se", type="task_struct")
    assert task.on_rq == 0 and task.avg.load_avg >= 0
    for cpu in ctx.topology.cpus:
        assert ctx.kernel.read("runqueues.cpu", cpu=cpu) == cpu
    running = [ctx.kernel.read("runqueues.nr_running", cpu=cpu) for cpu in ctx.topology.cpus]
    # who asks runs
    assert sum(running) >= 1, running


@test()
def what_there_is_not(ctx: Context) -> None:
    """Is named, with the kernel and what is near."""
    release = os.uname().release
    with _refused(NoSuchName, f"kernel {release} has no symbol 'jiffiez' (did you mean 'jiffies"):
        ctx.kernel.read("jiffiez")
    with _refused(NoSuchName, "did you mean 'nr_running'"):
        ctx.kernel.read("runqueues.nr_runing", cpu=0)
    with _refused(NoSuchName, "each CPU has: say whose"):
        ctx.kernel.read("runqueues.nr_running")
    with _refused(NoSuchName, "one variable for all CPUs"):
        ctx.kernel.read("jiffies", cpu=0)
    with _refused(NoSuchName, "no BPF map 'cpu_ctx'"):
        ctx.map("cpu_ctx").read(0)
    with _refused(NoSuchName, "does not fit"):
        ctx.kernel.write("nr_cpu_ids", 1 << 40)
    with _refused(UsageError, "names nothing"):
        ctx.kernel.read("jiffies-1")


@test()
def what_is_set_is_there(ctx: Context) -> None:
    """And the guest goes by it."""
    with open("/proc/sys/kernel/panic", encoding="ascii") as file:
        before = int(file.read())
    ctx.kernel.write("panic_timeout", 77)
    with open("/proc/sys/kernel/panic", encoding="ascii") as file:
        assert int(file.read()) == 77
    ctx.kernel.write("panic_timeout", before)
    assert ctx.kernel.read("panic_timeout") == before % (1 << 32)


@test()
def from_a_child(ctx: Context) -> None:
    """Who asks need not be the one who asked before."""
    ctx.kernel.read("jiffies")
    pid = os.fork()
    if pid == 0:
        good = ctx.kernel.read("nr_cpu_ids") == len(ctx.topology.cpus)
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert ctx.kernel.read("nr_cpu_ids") == len(ctx.topology.cpus)


@scenario(duration=1.0)
def a_value_is_waited_for(machine: object) -> Scenario:
    """CPU 0 gets two tasks of the four that want two CPUs."""
    del machine
    wait = WaitFor(KernelValue("runqueues.nr_running", it.at_least(2), cpu=0), 2.0, OnTimeout.FAIL)
    return Scenario(
        backdrop=Backdrop((CgroupDef("cg_0"), CgroupDef("cg_1"))),
        steps=(Step(ops=(wait,), hold=Fixed(0.2)),),
    )


@scenario(duration=0.5)
def nothing_is_asked(machine: object) -> Scenario:
    """Such a guest is held by nobody."""
    del machine
    return defs(CgroupDef("cg_0"))

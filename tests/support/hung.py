# SPDX-License-Identifier: Apache-2.0
"""What was read in the memory of guests that went ill."""

from dataclasses import replace

from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.introspect.postmortem.state import HeldLock, LogRecord, PostMortem, TaskStack
from ktstr.introspect.snapshot.state import Dsq, Extension, Runqueue, Snapshot, Task
from ktstr.record.run import RunRecord
from tests.support import runs
from tests.support.runs import MS, S

_HOG = Task(70, 70, "hog", "running", "rt", 0, running_ns=4 * S, last_ran_ns=0, cpus=(0,))
_WAITS = Task(
    *(61, 61, "w0.0.0", "runnable", "ext", 0, "DSQ 0"),
    waiting_ns=5 * S,
    last_ran_ns=5 * S,
    cpus=(0, 1),
    dsq_vtime=17,
    slice=0,
    run_ns=120 * MS,
)
_LOST = Task(62, 62, "w0.0.1", "uninterruptible", "ext", 1, last_ran_ns=6 * S, cpus=(0, 1))
_THREAD = Task(12, 12, "kworker/0:1", "idle", "fair", 0, vruntime=-5, lag=None, kernel_thread=True)
_QUEUES = (
    Runqueue(0, True, 70, "hog", "rt", 2, ext=1, rt=1, clock_ns=12 * S, nr_switches=99),
    Runqueue(1, True, 0, "swapper/1", "idle", 0, clock_ns=11 * S, behind_ns=S),
)


def snapshot(name: str = "") -> Snapshot:
    """Of two CPUs: one runs a real-time task, one nothing, and a task waits in DSQ 0."""
    return Snapshot(
        name=name,
        at_ns=12 * S,
        kernel="6.12.0",
        tasks=(_THREAD, _WAITS, _LOST, _HOG),
        runqueues=_QUEUES,
        dsqs=(Dsq(0, "0", 1, (61,)), Dsq(1 << 63 | 1, "global", 0)),
        extension=Extension("enabled", "fifo", 0, "error_stall", "w0.0.0[61] failed to run"),
    )


def post_mortem() -> PostMortem:
    """Of a guest in which a task of a higher class keeps a CPU."""
    log = tuple(LogRecord(i * S, 6, f"message {i}") for i in range(30))
    return PostMortem(
        cause="the test's body: not reached within 3.0 s",
        snapshot=snapshot(),
        stacks=(
            TaskStack(70, "hog", 0, (), "it runs in user space", False),
            TaskStack(62, "w0.0.1", None, ("__schedule+0x47d", "schedule+0x27", "msleep+0x20")),
        ),
        log=(*log, LogRecord(31 * S + 7000, 3, "odd \\x1b[2J text")),
        locks=(HeldLock(62, "w0.0.1", "cgroup_mutex", 0xFFFF_FFFF_8234_0000, "cgroup_mkdir+0x5"),),
        waits=(
            "Tasks that want a CPU and have none: 1. CPUs: 2, of which idle: 1.",
            "CPU 0 runs hog[70] of class rt, for 4 s, and 1 more in its queue; it runs in user "
            "space.",
            "w0.0.0[61] waits in DSQ 0 for 5 s (number 1 of 1); its CPU 0 is with hog[70]; idle "
            "CPUs that it may use: 1.",
        ),
        missing=("runqueue of CPU 2: nothing is mapped there",),
        core="guest.core",
    )


def looked_into() -> RunRecord:
    """A guest that hung, and what was found in it; its scheduler had failed before."""
    return RunRecord(
        plan=runs.plan(),
        accel=Accel.VIRTUAL,
        ending=Ending(EndingKind.DEADLINE, "the test's body"),
        console=(),
        hello=runs.hello(runs.plan()),
        frames_seen=1,
        post_mortem=post_mortem(),
        snapshots=(
            replace(
                snapshot("before"),
                at_ns=8 * S,
                tasks=(_THREAD, _HOG),
                dsqs=(Dsq(0, "0", 0),),
                cause="0.1 s have passed, on CPU 1",
            ),
            snapshot("the scheduler fails: error_stall"),
        ),
    )

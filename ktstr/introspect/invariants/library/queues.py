# SPDX-License-Identifier: Apache-2.0
"""Of runqueues, their clocks, and the tasks that run."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import LEFT, PUT, SWITCHED, TICKED
from ktstr.introspect.invariants.invariant import Category, Invariant, Version

_CORE = "kernel/sched/core.c"
_QUEUED_SERVER = "(rq.{0}.rb_node.__rb_parent_color != address(rq.{0}.rb_node.__rb_parent_color))"
# the stopper is looked at only where it is what is missing: that takes a read of its own
_SUM = (
    "(missing := rq.nr_running - (rq.cfs.h_nr_queued"
    " + (rq.rt.rt_nr_running if rq.rt.rt_queued else 0)"
    " + rq.dl.dl_nr_running{servers} + rq.scx.nr_running)) == 0"
    " or missing == 1 and task_struct(rq.stop).on_rq == TASK_ON_RQ_QUEUED"
)
_STATE = "(word(symbol('scx_ops_enable_state_var')) & 0xffffffff)"
_DISABLING = "enumerator('scx_ops_enable_state', 'SCX_OPS_DISABLING')"
_FAIR, _EXT_SERVER = _QUEUED_SERVER.format("fair_server"), _QUEUED_SERVER.format("ext_server")
# a queued server counted as a task until 52d15521eb75 of 6.17; sched_ext has one from 7.0 on
_SERVERS = (
    ("", (6, 12), (6, 17)),
    (f" - {_FAIR}", (6, 17), (7, 0)),
    (f" - {_FAIR} - {_EXT_SERVER}", (7, 0), None),
)


def _nr_running(servers: str, since: Version, until: Version | None) -> Invariant:
    return Invariant(
        name="rq-nr-running",
        says="A runqueue counts as many tasks as its classes do.",
        category=Category.QUEUE,
        source="kernel/sched/sched.h add_nr_running, kernel/sched/deadline.c inc_dl_tasks",
        at=(SWITCHED, *PUT, *LEFT, *TICKED),
        holds=_SUM.format(servers=servers),
        since=since,
        until=until,
    )


def _idle_without_tasks(given: str, since: Version, until: Version | None) -> Invariant:
    return Invariant(
        name="idle-without-tasks",
        says="The idle task runs only where no fair and no real-time task is queued.",
        category=Category.QUEUE,
        source=f"{_CORE} __pick_next_task, kernel/sched/fair.c pick_task_fair",
        at=(SWITCHED,),
        given=f"rq.curr == rq.idle and rq.core_enabled == 0{given}",
        holds="rq.cfs.nr_queued == 0 and rq.rt.rt_queued == 0",
        since=since,
        until=until,
    )


QUEUES = (
    *(_nr_running(*versions) for versions in _SERVERS),
    Invariant(
        name="rq-nr-running-bounded",
        says="No more tasks are counted than there can be: a counter went below 0.",
        category=Category.QUEUE,
        source="kernel/sched/sched.h sub_nr_running",
        at=(SWITCHED, *PUT, *LEFT),
        holds="rq.nr_running <= MOST_TASKS and rq.rt.rt_nr_running <= MOST_TASKS"
        " and rq.dl.dl_nr_running <= MOST_TASKS",
    ),
    Invariant(
        name="rq-is-of-its-cpu",
        says="A runqueue lies in the area of the CPU that it says it is of.",
        category=Category.QUEUE,
        source=f"{_CORE} sched_init",
        at=TICKED,
        holds="per_cpu('runqueues', rq.cpu) == rq",
    ),
    Invariant(
        name="rq-nr-iowait",
        says="No fewer than 0 tasks wait for I/O.",
        category=Category.QUEUE,
        source=f"{_CORE} block_task, ttwu_do_activate",
        at=TICKED,
        holds="rq.nr_iowait.counter >= 0",
    ),
    Invariant(
        name="nr-uninterruptible-sum",
        says="Over all CPUs no fewer than 0 tasks sleep without being interruptible.",
        category=Category.QUEUE,
        source=f"{_CORE} block_task, ttwu_do_activate",
        at=TICKED,
        holds="sum(rq(per_cpu('runqueues', c)).nr_uninterruptible for c in range(cpus()))"
        " & 0xffffffff < 1 << 31",
    ),
    Invariant(
        name="rq-clock-task",
        says="The clock of tasks, without interrupts and stolen time, is not ahead of the clock.",
        category=Category.QUEUE,
        source=f"{_CORE} update_rq_clock_task",
        at=TICKED,
        holds="rq.clock - rq.clock_task >= 0",
    ),
    Invariant(
        name="rq-clock-pelt",
        says="PELT's clock, which runs slower on a slower CPU, is not ahead of the tasks' clock.",
        category=Category.PELT,
        source="kernel/sched/pelt.h update_rq_clock_pelt",
        at=TICKED,
        holds="rq.clock_task - rq.clock_pelt >= 0",
    ),
    Invariant(
        name="rq-lost-idle-time",
        says="No more idle time was lost to PELT than its clock says.",
        category=Category.PELT,
        source="kernel/sched/pelt.h update_idle_rq_clock_pelt, rq_clock_pelt",
        at=TICKED,
        holds="rq.clock_pelt - rq.lost_idle_time >= 0",
    ),
    Invariant(
        name="rq-capacity",
        says="A CPU has some capacity left, and at most all of it.",
        category=Category.QUEUE,
        source="kernel/sched/fair.c update_cpu_capacity",
        at=TICKED,
        holds="1 <= rq.cpu_capacity <= SCALE",
    ),
    Invariant(
        name="curr-on-cpu",
        says="The task that runs says that it does, on this CPU.",
        category=Category.TASK,
        source=f"{_CORE} prepare_task, set_task_cpu",
        at=(SWITCHED,),
        names={"runs": "task_struct(rq.curr)"},
        holds="runs.on_cpu == 1 and runs.thread_info.cpu == rq.cpu",
    ),
    Invariant(
        name="curr-is-queued",
        says="The task that begins to run is on its runqueue, or the idle task.",
        category=Category.TASK,
        source=f"{_CORE} __schedule",
        at=(SWITCHED,),
        holds="rq.curr == rq.idle or p.on_rq == TASK_ON_RQ_QUEUED",
    ),
    Invariant(
        name="curr-is-allowed",
        says="A task runs on a CPU that its mask allows, unless it is about to be moved.",
        category=Category.TASK,
        source=f"{_CORE} __set_cpus_allowed_ptr, affine_move_task",
        at=(SWITCHED,),
        given="p.migration_disabled == 0 and p.migration_pending == 0 and rq.curr != rq.idle",
        holds="(word(p.cpus_ptr + (rq.cpu >> 6) * 8) >> (rq.cpu & 63)) & 1 == 1",
    ),
    # 6.12 makes tasks fair ones while it disables sched_ext, before fair ones are looked at again
    # (task_should_scx, next_active_class); 7.2 does not any more
    _idle_without_tasks(f" and {_STATE} != {_DISABLING}", (6, 12), (7, 0)),
    _idle_without_tasks("", (7, 0), None),
    Invariant(
        name="realtime-before-fair",
        says="A fair task runs beside a queued real-time task only through its server.",
        category=Category.QUEUE,
        source=f"{_CORE} __pick_next_task",
        at=(SWITCHED,),
        given="p.sched_class == symbol('fair_sched_class') and p.dl_server == 0"
        " and rq.core_enabled == 0",
        holds="rq.rt.rt_queued == 0",
    ),
    Invariant(
        name="task-class",
        says="A task's class is one of the kernel's.",
        category=Category.TASK,
        source="include/asm-generic/vmlinux.lds.h SCHED_DATA",
        at=(SWITCHED,),
        holds="symbol('__sched_class_highest') <= p.sched_class < symbol('__sched_class_lowest')",
    ),
    Invariant(
        name="task-class-by-priority",
        says="A task's class and its priority agree.",
        category=Category.TASK,
        source="kernel/sched/syscalls.c __setscheduler_class, kernel/sched/core.c rt_mutex_setprio",
        at=PUT,
        holds="0 <= p.prio < MAX_RT_PRIO if p.sched_class == symbol('rt_sched_class')"
        " else p.prio == -1 if p.sched_class == symbol('dl_sched_class')"
        " else MAX_RT_PRIO <= p.prio < MAX_PRIO"
        " if p.sched_class == symbol('fair_sched_class') else 1",
    ),
    Invariant(
        name="task-on-rq",
        says="A task is off its runqueue, on it, or on its way to another.",
        category=Category.TASK,
        source="kernel/sched/sched.h TASK_ON_RQ_QUEUED, TASK_ON_RQ_MIGRATING",
        at=PUT,
        holds="0 <= p.on_rq <= TASK_ON_RQ_MIGRATING",
    ),
    Invariant(
        name="task-static-prio",
        says="A task's nice value is one of the forty.",
        category=Category.TASK,
        source="include/linux/sched/prio.h NICE_TO_PRIO",
        at=PUT,
        holds="MAX_RT_PRIO <= p.static_prio < MAX_PRIO",
    ),
    Invariant(
        name="stack-end",
        says="The stack of the task that runs did not grow over its end.",
        category=Category.TASK,
        source="kernel/fork.c set_task_stack_end_magic",
        at=TICKED,
        holds="word(p.stack) & 0xffffffff == STACK_END_MAGIC",
    ),
)

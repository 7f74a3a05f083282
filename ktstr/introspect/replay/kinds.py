# SPDX-License-Identifier: Apache-2.0
"""What is watched when a run is played again, by what has failed.

Functions are those of Linux 6.12 to 7.3; which of them a kernel has, is asked of the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ktstr.introspect.replay.cause import What

_WAKING = ("try_to_wake_up", "ttwu_do_activate", "wake_up_new_task", "set_task_cpu")
# kernel/sched/ext.c (kernel/sched/ext/ in 7.x)
_EXT = (
    *("enqueue_task_scx", "dequeue_task_scx", "select_task_rq_scx", "do_enqueue_task"),
    *("pick_task_scx", "balance_one", "set_next_task_scx", "put_prev_task_scx", "task_tick_scx"),
    *("dispatch_enqueue", "consume_dispatch_q", "direct_dispatch_task"),
    # the same in 7.3, where pick_task_scx looks for tasks, too
    *("scx_do_enqueue_task", "dispatch_one", "scx_dispatch_enqueue"),
    *("scx_consume_dispatch_q", "direct_dispatch"),
    *("scx_bpf_dispatch", "scx_bpf_dispatch_vtime", "scx_bpf_consume", "scx_bpf_kick_cpu"),
    *("scx_bpf_dsq_insert", "scx_bpf_dsq_insert_vtime", "scx_bpf_dsq_move_to_local"),
    *("scx_bpf_dsq_insert___v2", "__scx_bpf_dsq_insert_vtime", "scx_bpf_dsq_move_to_local___v2"),
    *("scx_bpf_select_cpu_dfl", "__scx_bpf_select_cpu_and", "scx_bpf_pick_idle_cpu"),
)
# who finds a scheduler at fault, and says so
_ENDING = (
    *("scx_watchdog_workfn", "check_rq_for_timeouts", "scx_tick", "scx_bpf_error_bstr"),
    *("ops_cpu_valid", "scx_cpu_valid", "scx_softlockup"),
    *("scx_ops_exit_kind", "__scx_exit", "scx_vexit"),
    # by a CPU that comes or goes without a callback for it
    *("sched_cpu_activate", "sched_cpu_deactivate", "scx_rq_activate", "scx_rq_deactivate"),
    "handle_hotplug",
)
# kernel/sched/rt.c, fair.c
_OTHERS = (
    *("enqueue_task_rt", "dequeue_task_rt", "pick_task_rt", "task_tick_rt"),
    *("enqueue_task_fair", "dequeue_task_fair", "pick_task_fair", "task_tick_fair"),
)
# arch/x86/kernel/traps.c, dumpstack.c, arch/x86/mm/fault.c, kernel/panic.c, drivers/tty/sysrq.c
_CRASHES = (
    *("exc_general_protection", "exc_invalid_op", "exc_divide_error"),
    *("page_fault_oops", "handle_bug", "report_bug", "die", "die_addr", "oops_enter", "oops_end"),
    *("make_task_dead", "__warn", "panic", "vpanic", "write_sysrq_trigger", "__handle_sysrq"),
    *("sysrq_handle_crash", "vfs_write", "ksys_write"),
)


@dataclass(frozen=True)
class Watching:
    """What is watched: functions of the kernel, and whether callbacks of the scheduler are, too."""

    functions: tuple[str, ...]
    ops: bool = True


KINDS: Mapping[What, Watching] = {
    What.EJECTED: Watching((*_WAKING, *_EXT, *_ENDING)),
    What.PANICKED: Watching(_CRASHES),
    What.CRASHED: Watching(_CRASHES),
    What.WARNED: Watching((*_CRASHES, *_EXT)),
    What.HUNG: Watching((*_WAKING, *_EXT, *_OTHERS)),
    What.BROKE: Watching((*_WAKING, *_EXT, *_OTHERS)),
    What.PASSED: Watching((*_WAKING, *_EXT)),
}

# Fields that a scheduler moves; those that a kernel has are read at both ends of a call.
TASK_FIELDS = (
    *("__state", "on_rq", "on_cpu", "thread_info.cpu", "prio", "nr_cpus_allowed"),
    *("migration_disabled", "scx.flags", "scx.slice", "scx.dsq_vtime", "scx.dsq", "scx.ops_state"),
    *("scx.sticky_cpu", "scx.runnable_at", "scx.ddsp_dsq_id", "se.on_rq"),
)
RUNQUEUE_FIELDS = (
    *("nr_running", "scx.nr_running", "scx.flags", "scx.local_dsq.nr", "rt.rt_nr_running"),
    *("cfs.h_nr_running", "cfs.h_nr_queued", "curr"),
)
DSQ_FIELDS = ("nr",)

# Nanoseconds before the failure from which all is watched, and from which its state is compared.
NEAR_NS = 20_000_000
# What is let go before what is of interest, and how long it is watched there, in calls.
EARLIER_NS = 2_000_000
MOST_NEAR, MOST_FAR = 4000, 150

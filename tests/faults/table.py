# SPDX-License-Identifier: Apache-2.0
"""Every fault against every scenario of the catalogue: how it shows, or why it cannot."""

from __future__ import annotations

from ktstr import ExpectFail, Kind
from tests.faults.under import Fault

_MS = 1_000_000
_FIRST_IN_A_CHILD = {"starve_comm": "w1.0.0"}
_FIRST_BESIDE_REAL_TIME = {"starve_comm": "w0.1.0"}


def _all_of(why: str, *pages: str) -> dict[str, str]:
    """`page: name name ...` as entries that give this reason."""
    hidden = {}
    for page in pages:
        title, _, names = page.partition(": ")
        hidden.update({f"{title}.{name}": why for name in names.split()})
    return hidden


STALL = Fault(
    name="stall",
    knobs={"stall_after_ns": 400 * _MS, "ops.timeout_ms": 500},
    expected=ExpectFail(Kind.SCHEDULER_EJECTED, "runnable task stall"),
    least_s=1.8,
)

ERROR = Fault(
    name="error",
    knobs={"error_after_ns": 400 * _MS},
    expected=ExpectFail(Kind.SCHEDULER_EJECTED, "error_after_ns=400000000 reached"),
)

STARVE = Fault(
    name="starve",
    knobs={"starve_comm": "w0.0.0", "ops.timeout_ms": 30_000},
    expected=ExpectFail(Kind.STARVED),
    others={
        "interaction.no_ctrl_imbalance": _FIRST_IN_A_CHILD,
        "interaction.no_ctrl_load_imbalance": {"starve_comm": "w2.0.0"},
        "nested.cgroup_steady": _FIRST_IN_A_CHILD,
        "nested.cpuset": _FIRST_IN_A_CHILD,
        "nested.imbalance": _FIRST_IN_A_CHILD,
        "nested.no_ctrl": {"starve_comm": "w3.0.0"},
        "nested.rapid_churn": _FIRST_IN_A_CHILD,
        "nested.task_move": _FIRST_IN_A_CHILD,
        "sched_class.fifo": _FIRST_BESIDE_REAL_TIME,
        "sched_class.rr": _FIRST_BESIDE_REAL_TIME,
    },
)

DELAY = Fault(
    name="delay",
    knobs={"delay_ns": 200 * _MS},
    expected=ExpectFail(Kind.WAKE_LATENCY, "p99"),
    hidden={
        **_all_of(
            "nobody sleeps, and who takes turns is held back for less than the gap limit",
            "advanced: cgroup_all_loaded cgroup_cpuset_overlap_load_imbalance "
            "cgroup_idle_overloaded cgroup_llc_overflow cgroup_load_imbalance",
            "affinity: cgroup_cpuset_llc_affinity cgroup_inherit cgroup_pinned cgroup_random "
            "cgroup_spanning change cpuset_multicpu_pin multicpu_pin",
            "basic: cgroup_cpuset_cross_llc_steady cgroup_cpuset_llc_steady "
            "cgroup_host_contention cgroup_steady",
            "cpuset: apply_midrun cgroup_overlap_steady clear_midrun load_shift resize "
            "swap_disjoint",
            "dynamic: cgroup_add_midrun cgroup_rapid_churn cgroup_remove_midrun cpuset_add_remove",
            "interaction: add_load_imbalance four_way_load_imbalance load_oscillation "
            "no_ctrl_cpuset_change no_ctrl_load_imbalance no_ctrl_task_migration",
            "nested: cgroup_steady cpuset no_ctrl rapid_churn task_move",
            "numa: cpuset_swap",
            "performance: cache_pressure_imbalance cache_yield_wake_affine",
            "sched_class: batch idle",
            "stall: detect recovery",
            "stress: cgroup_exhaust_reuse cgroup_oversubscribed cgroup_partial_cpus_steady "
            "cgroup_per_cpu cgroup_uneven_steady cpuset_cross_llc_race",
        ),
        **_all_of(
            "the fault's one queue is looked at by its head: once that is due, who comes after it "
            "and fits the CPU goes early, and in overlapping cpusets most do",
            "interaction: cpuset_overlap_imbalance_combined",
        ),
        **_all_of(
            "who sleeps is real-time, which is not sched_ext's affair", "sched_class: fifo mixed rr"
        ),
    },
)

SCATTER = Fault(
    name="scatter",
    knobs={"scatter": 1},
    expected=ExpectFail(Kind.MIGRATION, "migrations"),
    hidden={
        **_all_of(
            "every worker has a single CPU that it may run on",
            "affinity: cgroup_pinned cgroup_random",
            "dynamic: cpuset_add_remove",
            "stress: cgroup_exhaust_reuse cgroup_per_cpu cpuset_workload_variety",
        ),
        **_all_of(
            "who yields or wakes another changes its CPU as often under //sched/fifo, so that the "
            "scenario has no limit for it",
            "basic: cgroup_pipe_io",
            "interaction: add_load_imbalance imbalance_mixed_workload io_compute_imbalance "
            "load_oscillation",
            "performance: cache_pipe_io_compute_imbalance cache_pressure_imbalance "
            "cache_yield_wake_affine fan_out_compute fan_out_wake",
            "stress: cgroup_oversubscribed cpuset_cross_llc_race dynamic_workload_variety "
            "workload_variety",
        ),
    },
)

FAULTS = (STALL, ERROR, STARVE, DELAY, SCATTER)

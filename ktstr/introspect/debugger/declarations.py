# SPDX-License-Identifier: Apache-2.0
"""Types of global variables, which a kernel's own type information does not have.

BTF of Linux up to 7.2 tells of per-CPU variables only. Each declaration here is that of the source
that is named, in the versions that are given; a variable that a kernel lacks has no symbol, and is
not there. Tests compare each with the size that the kernel's symbol has.
"""

from __future__ import annotations

from dataclasses import dataclass

_ALWAYS = (0, 0)
_NEVER = (99, 0)


@dataclass(frozen=True)
class Declaration:
    """A variable's type in C, from version `since` to before `until`, and where it is declared.

    Arrays without a length have that which the symbol's size says. A struct without a name has
    `members`, as (name, type), which lie as C lays them.
    """

    name: str
    type: str
    source: str
    since: tuple[int, int] = _ALWAYS
    until: tuple[int, int] = _NEVER
    members: tuple[tuple[str, str], ...] = ()


def _of(source: str, type_name: str, *names: str) -> tuple[Declaration, ...]:
    return tuple(Declaration(name, type_name, source) for name in names)


DECLARATIONS: tuple[Declaration, ...] = (
    *_of("init/init_task.c", "struct task_struct", "init_task"),
    *_of("init/main.c", "enum system_states", "system_state"),
    *_of("init/main.c", "char *", "saved_command_line"),
    *_of("init/version-timestamp.c", "struct uts_namespace", "init_uts_ns"),
    *_of("mm/init-mm.c", "struct mm_struct", "init_mm"),
    *_of("kernel/pid.c", "struct pid_namespace", "init_pid_ns"),
    *_of("kernel/cpu.c", "struct cpumask", "__cpu_possible_mask", "__cpu_online_mask"),
    *_of("kernel/cpu.c", "struct cpumask", "__cpu_present_mask", "__cpu_active_mask"),
    *_of("kernel/cpu.c", "unsigned long [][1]", "cpu_bit_bitmap"),
    *_of("kernel/smp.c", "unsigned int", "nr_cpu_ids"),
    *_of("arch/x86/kernel/setup_percpu.c", "unsigned long []", "__per_cpu_offset"),
    *_of("arch/x86/mm/init_64.c", "unsigned long", "page_offset_base", "vmemmap_base"),
    *_of("arch/x86/kernel/head64.c", "unsigned long", "vmalloc_base", "phys_base"),
    *_of("kernel/panic.c", "unsigned long", "tainted_mask"),
    *_of("kernel/panic.c", "atomic_t", "panic_cpu"),
    *_of("kernel/printk/printk.c", "struct printk_ringbuffer *", "prb"),
    *_of("kernel/time/timer.c", "u64", "jiffies_64"),
    Declaration(
        "tk_core",
        "struct",
        "kernel/time/timekeeping.c",
        until=(6, 13),
        members=(("seq", "seqcount_raw_spinlock_t"), ("timekeeper", "struct timekeeper")),
    ),
    Declaration("timekeeper_data", "struct tk_data []", "kernel/time/timekeeping.c", since=(6, 17)),
    Declaration(
        "tk_core", "struct tk_data", "kernel/time/timekeeping.c", since=(6, 13), until=(6, 17)
    ),
    *_of("kernel/sched/core.c", "struct task_group", "root_task_group"),
    *_of("kernel/sched/core.c", "struct list_head", "task_groups"),
    *_of("kernel/sched/fair.c", "unsigned int", "sysctl_sched_base_slice"),
    *_of("kernel/sched/topology.c", "struct root_domain", "def_root_domain"),
    *_of("kernel/sched/rt.c", "int", "sysctl_sched_rt_runtime"),
    *_of("kernel/cgroup/cgroup.c", "struct cgroup_root", "cgrp_dfl_root"),
    *_of("kernel/cgroup/cgroup.c", "struct css_set", "init_css_set"),
    *_of("kernel/workqueue.c", "struct list_head", "workqueues"),
    *_of("kernel/rcu/tree.c", "struct rcu_state", "rcu_state"),
    *_of("kernel/module/main.c", "struct list_head", "modules"),
    *_of("kernel/irq/irqdesc.c", "struct maple_tree", "sparse_irqs"),
    *_of("net/core/net_namespace.c", "struct net", "init_net"),
    *_of("mm/vmalloc.c", "struct rb_root", "free_vmap_area_root"),
    *_of("mm/show_mem.c", "atomic_long_t", "_totalram_pages"),
    *_of("kernel/sched/loadavg.c", "unsigned long []", "avenrun"),
    *_of("fs/proc/array.c", "const char * const []", "task_state_array"),
    *_of("mm/slab_common.c", "struct list_head", "slab_caches"),
    *_of("mm/sparse.c", "struct mem_section **", "mem_section"),
    *_of("kernel/bpf/syscall.c", "struct idr", "map_idr", "prog_idr", "link_idr"),
    *_of("kernel/bpf/btf.c", "struct idr", "btf_idr"),
    *_of("kernel/bpf/verifier.c", "struct btf *", "btf_vmlinux"),
    *_of("kernel/bpf/core.c", "struct list_head", "bpf_kallsyms"),
    *_of("kernel/sched/ext.c", "struct list_head", "scx_tasks"),
    *_of("kernel/sched/ext.c", "unsigned long", "scx_watchdog_timeout", "scx_watchdog_timestamp"),
    # renamed in 6.16, as were the functions: before, one scheduler was all that there could be
    *_of("kernel/sched/ext.c", "struct sched_ext_ops", "scx_ops"),
    *_of("kernel/sched/ext.c", "atomic_t", "scx_ops_enable_state_var", "scx_ops_bypass_depth"),
    *_of("kernel/sched/ext.c", "struct scx_exit_info *", "scx_exit_info"),
    *_of("kernel/sched/ext.c", "struct scx_dispatch_q **", "global_dsqs"),
    *_of("kernel/sched/ext.c", "struct rhashtable", "dsq_hash"),
    *_of("kernel/sched/ext.c", "struct scx_sched *", "scx_root"),
    *_of("kernel/sched/ext.c", "atomic_t", "scx_enable_state_var"),
    *_of("kernel/sched/ext.c", "atomic_long_t", "scx_nr_rejected", "scx_hotplug_seq"),
)


def version_of(release: str) -> tuple[int, int]:
    """(6, 12) of `6.12.107-ktstr`; (0, 0) of what is no release."""
    parts = release.replace("-", ".").split(".")
    if len(parts) < 2 or not (parts[0].isdigit() and parts[1].isdigit()):
        return _ALWAYS
    return int(parts[0]), int(parts[1])


def declaration(name: str, release: str) -> Declaration | None:
    """The variable's declaration in this kernel; None where there is none, or it is not known."""
    version = version_of(release)
    for each in DECLARATIONS:
        if each.name == name and each.since <= version < each.until:
            return each
    return None

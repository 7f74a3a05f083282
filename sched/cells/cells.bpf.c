/* SPDX-License-Identifier: GPL-2.0 */
/* A scheduler of cells: the tasks of some cgroups, and the CPUs that are theirs.
 *
 * scx_cells says which cgroups are cells and whose each CPU is. A cell has a FIFO queue (DSQ) of
 * its own, which its CPUs take from; a CPU whose cell has nothing to do is lent to the others, and
 * is taken back as soon as a task of its cell wakes.
 */
#include "scx.bpf.h"
#include "sched/cells/cells.h"

char _license[] SEC("license") = "GPL";

/* Of tasks that may not run on any CPU of their cell. */
#define STRAYS MAX_CELLS
#define SCX_TASK_QUEUED 1

/* Nanoseconds a task may run before the next one gets its turn. */
const volatile u64 slice_ns = 5000000;

/* How many times a CPU took a task of another cell than its own, and took itself back. */
u64 nr_lent, nr_taken_back;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cells_layout);
} layout SEC(".maps");

/* The id of a cell's cgroup -> the cell. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CELLS);
	__type(key, u64);
	__type(value, u32);
} cells SEC(".maps");

/* Whose task each CPU runs, and whether strays are next there. */
static u32 runs[MAX_CPUS];
static bool strays_next[MAX_CPUS];

bool scx_bpf_test_and_clear_cpu_idle(s32 cpu) __ksym;

static struct cells_layout *the_layout(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&layout, &zero);
}

static u32 cell_of(struct task_struct *p, const struct cells_layout *now)
{
	struct cgroup *cgrp = BPF_CORE_READ(p, cgroups, dfl_cgrp), *above = NULL;
	u32 level = now->level, *cell;
	u64 id;

	if (!level || BPF_CORE_READ(cgrp, level) < level)
		return 0;
	bpf_probe_read_kernel(&above, sizeof(above),
			      (void *)cgrp + bpf_core_field_offset(cgrp->ancestors) +
				      level * sizeof(above));
	id = BPF_CORE_READ(above, kn, id);
	cell = bpf_map_lookup_elem(&cells, &id);
	return cell && *cell < MAX_CELLS ? *cell : 0;
}

static bool is_home(struct task_struct *p, const struct cells_layout *now, u32 cell, u32 cpu)
{
	return cpu < MAX_CPUS && now->cell_of_cpu[cpu] == cell &&
	       bpf_cpumask_test_cpu(cpu, p->cpus_ptr);
}

/* The verifier goes through each of these loops quickly: they carry nothing from one CPU to the
 * next.
 */

/* An idle CPU of the cell that the task may run on, which is idle to nobody else now; -1: none. */
static s32 claim_idle(struct task_struct *p, const struct cells_layout *now, u32 cell)
{
	int cpu;

	bpf_for(cpu, 0, now->nr_cpus) {
		if (is_home(p, now, cell, cpu) && scx_bpf_test_and_clear_cpu_idle(cpu))
			return cpu;
	}
	return -1;
}

/* Interrupts a task of another cell on a CPU of this one; false: there is none. */
static bool take_back(struct task_struct *p, const struct cells_layout *now, u32 cell)
{
	int cpu;

	bpf_for(cpu, 0, now->nr_cpus) {
		if (is_home(p, now, cell, cpu) && cpu < MAX_CPUS && runs[cpu] != cell) {
			__sync_fetch_and_add(&nr_taken_back, 1);
			scx_bpf_kick_cpu(cpu, SCX_KICK_PREEMPT);
			return true;
		}
	}
	return false;
}

static bool has_home(struct task_struct *p, const struct cells_layout *now, u32 cell)
{
	int cpu;

	bpf_for(cpu, 0, now->nr_cpus) {
		if (is_home(p, now, cell, cpu))
			return true;
	}
	return false;
}

s32 SCX_PROG(cells_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct cells_layout *now = the_layout();
	u32 cell;
	s32 cpu;

	if (!now)
		return prev_cpu;
	cell = cell_of(p, now);
	if (is_home(p, now, cell, prev_cpu) && scx_bpf_test_and_clear_cpu_idle(prev_cpu)) {
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, 0);
		return prev_cpu;
	}
	cpu = claim_idle(p, now, cell);
	if (cpu >= 0) {
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, 0);
		return cpu;
	}
	return prev_cpu;
}

/* Has a CPU look at the queue that a task of `cell` is in: one of the cell's that is idle, else one
 * of them that is lent, else any that is idle. False where the cell has no CPU that the task may
 * run on.
 */
static bool call_a_cpu(struct task_struct *p, const struct cells_layout *now, u32 cell)
{
	s32 cpu = claim_idle(p, now, cell);

	if (cpu >= 0) {
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
		return true;
	}
	if (take_back(p, now, cell))
		return true;
	cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
	return has_home(p, now, cell);
}

void SCX_PROG(cells_enqueue, struct task_struct *p, u64 enq_flags)
{
	struct cells_layout *now = the_layout();
	u32 cell;

	/* What the kernel binds to a CPU is short, and others may wait for it. */
	if (!now || (p->flags & PF_KTHREAD && p->nr_cpus_allowed == 1)) {
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, enq_flags);
		return;
	}
	cell = cell_of(p, now);
	if (call_a_cpu(p, now, cell))
		scx_insert(p, cell, slice_ns, enq_flags);
	else
		scx_insert(p, STRAYS, slice_ns, enq_flags);
}

static bool take_stray(s32 cpu)
{
	if (cpu < 0 || cpu >= MAX_CPUS)
		return false;
	strays_next[cpu] = !strays_next[cpu];
	return strays_next[cpu] && scx_move_to_local(STRAYS);
}

void SCX_PROG(cells_dispatch, s32 cpu, struct task_struct *prev)
{
	struct cells_layout *now = the_layout();
	u32 own;
	int cell;

	if (!now || cpu < 0 || cpu >= MAX_CPUS)
		return;
	own = now->cell_of_cpu[cpu];
	if (take_stray(cpu) || scx_move_to_local(own) || scx_move_to_local(STRAYS))
		return;
	/* One of the cell's own that could go on does so: nobody else of it waits. */
	if (prev && prev->scx.flags & SCX_TASK_QUEUED && cell_of(prev, now) == own)
		return;
	bpf_for(cell, 0, MAX_CELLS) {
		if (cell != own && scx_move_to_local(cell)) {
			__sync_fetch_and_add(&nr_lent, 1);
			return;
		}
	}
}

void SCX_PROG(cells_running, struct task_struct *p)
{
	struct cells_layout *now = the_layout();
	s32 cpu = scx_bpf_task_cpu(p);

	if (now && cpu >= 0 && cpu < MAX_CPUS)
		runs[cpu] = cell_of(p, now);
}

s32 SCX_SLEEPABLE_PROG(cells_init)
{
	s32 error = 0;
	u32 queue;

	for (queue = 0; queue <= STRAYS && !error; queue++)
		error = scx_bpf_create_dsq(queue, -1);
	return error;
}

void SCX_PROG(cells_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops cells_ops = {
	.select_cpu = (void *)cells_select_cpu,
	.enqueue = (void *)cells_enqueue,
	.dispatch = (void *)cells_dispatch,
	.running = (void *)cells_running,
	.init = (void *)cells_init,
	.exit = (void *)cells_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "cells",
};

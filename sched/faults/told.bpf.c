/* SPDX-License-Identifier: GPL-2.0 */
/* One shared queue, as in fifo, and a count of all that the kernel has told the scheduler.
 *
 * What must be told is known to a test: so many tasks changed their cgroup or their mask, a CPU
 * went, tasks were put on runqueues.
 */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

#define SHARED_DSQ 0

/* Nanoseconds a task may run before the next one gets its turn. */
const volatile u64 slice_ns = 20000000;

/* CPUs that came and went, tasks that changed their cgroup or mask, and tasks to queue. */
u64 nr_online, nr_offline, nr_moved, nr_masks, nr_enqueued;

s32 SCX_PROG(told_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool is_idle = false;
	s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);

	if (is_idle)
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, 0);
	return cpu;
}

void SCX_PROG(told_enqueue, struct task_struct *p, u64 enq_flags)
{
	s32 cpu;

	__sync_fetch_and_add(&nr_enqueued, 1);
	/* Threads of one CPU: nobody else may take them, nor does a CPU that goes look any more. */
	if ((p->flags & PF_KTHREAD) && p->nr_cpus_allowed == 1) {
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, enq_flags);
		return;
	}
	scx_insert(p, SHARED_DSQ, slice_ns, enq_flags);
	/* A CPU that went idle in the meantime would not look at the queue again. */
	cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

void SCX_PROG(told_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_move_to_local(SHARED_DSQ);
}

void SCX_PROG(told_set_cpumask, struct task_struct *p, const struct cpumask *cpumask)
{
	__sync_fetch_and_add(&nr_masks, 1);
}

void SCX_PROG(told_cgroup_move, struct task_struct *p, struct cgroup *from, struct cgroup *to)
{
	__sync_fetch_and_add(&nr_moved, 1);
}

void SCX_PROG(told_cpu_online, s32 cpu)
{
	__sync_fetch_and_add(&nr_online, 1);
}

void SCX_PROG(told_cpu_offline, s32 cpu)
{
	__sync_fetch_and_add(&nr_offline, 1);
}

s32 SCX_SLEEPABLE_PROG(told_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_PROG(told_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops told_ops = {
	.select_cpu = (void *)told_select_cpu,
	.enqueue = (void *)told_enqueue,
	.dispatch = (void *)told_dispatch,
	.set_cpumask = (void *)told_set_cpumask,
	.cgroup_move = (void *)told_cgroup_move,
	.cpu_online = (void *)told_cpu_online,
	.cpu_offline = (void *)told_cpu_offline,
	.init = (void *)told_init,
	.exit = (void *)told_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "told",
};

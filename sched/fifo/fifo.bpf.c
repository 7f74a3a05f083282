/* SPDX-License-Identifier: GPL-2.0 */
/* A minimal, sane scheduler: one FIFO dispatch queue (DSQ) shared by all CPUs.
 *
 * A waking task goes straight to an idle CPU where there is one, else to the end of the shared
 * queue; a CPU with nothing to do takes the head of that queue.
 */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

#define SHARED_DSQ 0

/* Nanoseconds a task may run before the next one gets its turn. */
const volatile u64 slice_ns = 20000000;

/* How many times a task went to an idle CPU at once, and how many times to the shared queue. */
u64 nr_local, nr_shared;

s32 SCX_PROG(fifo_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool is_idle = false;
	s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);

	if (is_idle) {
		__sync_fetch_and_add(&nr_local, 1);
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, 0);
	}
	return cpu;
}

void SCX_PROG(fifo_enqueue, struct task_struct *p, u64 enq_flags)
{
	s32 cpu;

	__sync_fetch_and_add(&nr_shared, 1);
	scx_insert(p, SHARED_DSQ, slice_ns, enq_flags);
	/* A CPU that went idle in the meantime would not look at the queue again. */
	cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

void SCX_PROG(fifo_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_move_to_local(SHARED_DSQ);
}

s32 SCX_SLEEPABLE_PROG(fifo_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_PROG(fifo_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops fifo_ops = {
	.select_cpu = (void *)fifo_select_cpu,
	.enqueue = (void *)fifo_enqueue,
	.dispatch = (void *)fifo_dispatch,
	.init = (void *)fifo_init,
	.exit = (void *)fifo_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "fifo",
};

/* SPDX-License-Identifier: GPL-2.0 */
/* A FIFO whose mistakes the kernel makes good, and counts. With `blind` select_cpu() names CPU 0
 * for every task, whatever its mask; with `deaf` tasks go to the local DSQ of the last CPU, gone or
 * not. Turns of `slice_ns` say how often a CPU asks whom to run next.
 */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

#define SHARED_DSQ 0

const volatile u64 slice_ns = 20000000;
const volatile bool blind = false;
const volatile bool deaf = false;
const volatile u32 last_cpu = 3;

s32 SCX_PROG(careless_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool is_idle = false;
	s32 cpu;

	if (blind)
		return 0;
	cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);
	if (is_idle && !deaf)
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, 0);
	return cpu;
}

void SCX_PROG(careless_enqueue, struct task_struct *p, u64 enq_flags)
{
	s32 cpu;

	/* Threads of one CPU, for which its going waits, are no part of the mistake. */
	if ((p->flags & PF_KTHREAD) && p->nr_cpus_allowed == 1) {
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, enq_flags);
		return;
	}
	if (deaf && !(p->flags & PF_KTHREAD) && bpf_cpumask_test_cpu(last_cpu, p->cpus_ptr)) {
		scx_insert(p, SCX_DSQ_LOCAL_ON | last_cpu, slice_ns, enq_flags);
		return;
	}
	scx_insert(p, SHARED_DSQ, slice_ns, enq_flags);
	cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

void SCX_PROG(careless_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_move_to_local(SHARED_DSQ);
}

/* Without these two a CPU that comes or goes ends the scheduler. */
void SCX_PROG(careless_cpu_online, s32 cpu)
{
}

void SCX_PROG(careless_cpu_offline, s32 cpu)
{
}

s32 SCX_SLEEPABLE_PROG(careless_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_PROG(careless_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops careless_ops = {
	.select_cpu = (void *)careless_select_cpu,
	.enqueue = (void *)careless_enqueue,
	.dispatch = (void *)careless_dispatch,
	.cpu_online = (void *)careless_cpu_online,
	.cpu_offline = (void *)careless_cpu_offline,
	.init = (void *)careless_init,
	.exit = (void *)careless_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 20000,
	.name = "careless",
};

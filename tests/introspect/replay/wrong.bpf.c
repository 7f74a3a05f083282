/* SPDX-License-Identifier: GPL-2.0 */
/* One queue for all, and mistakes for which the kernel throws a scheduler out while it asks it. */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

#define SHARED_DSQ 0
#define NO_DSQ 99
#define NO_CPU 999

/* For the task of this name: select_cpu() gives a CPU that there is not. */
char bad_cpu_comm[TASK_COMM_LEN] = "";
/* For the task of this name: enqueue() puts it into a queue that there is not. */
char bad_dsq_comm[TASK_COMM_LEN] = "";
/* For the task of this name: enqueue() gives up by scx_bpf_error. */
char error_comm[TASK_COMM_LEN] = "";

static bool is_called(const struct task_struct *p, const char *name)
{
	int i;

	for (i = 0; i < TASK_COMM_LEN; i++) {
		if (!name[i])
			return i > 0;
		if (p->comm[i] != name[i])
			return false;
	}
	return true;
}

s32 SCX_PROG(wrong_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	return is_called(p, bad_cpu_comm) ? NO_CPU : prev_cpu;
}

void SCX_PROG(wrong_enqueue, struct task_struct *p, u64 enq_flags)
{
	if (is_called(p, error_comm))
		scx_error("no place for %s", p->comm);
	scx_insert(p, is_called(p, bad_dsq_comm) ? NO_DSQ : SHARED_DSQ, 20000000, enq_flags);
}

void SCX_PROG(wrong_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_move_to_local(SHARED_DSQ);
}

s32 SCX_SLEEPABLE_PROG(wrong_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_PROG(wrong_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops wrong_ops = {
	.select_cpu = (void *)wrong_select_cpu,
	.enqueue = (void *)wrong_enqueue,
	.dispatch = (void *)wrong_dispatch,
	.init = (void *)wrong_init,
	.exit = (void *)wrong_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "wrong",
};

/* SPDX-License-Identifier: GPL-2.0 */
/* One queue for all CPUs, and turns of a length that the kernel chooses. */
#include "scx.bpf.h"
#include "sched/queues.bpf.h"

char _license[] SEC("license") = "GPL";

/* How long a task may run before the next one gets its turn, in nanoseconds. */
const volatile u64 turn_ns = 10000000;

void SCX_PROG(plain_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_insert(p, QUEUE_OF_ALL, turn_ns, enq_flags);
}

void SCX_PROG(plain_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_move_to_local(QUEUE_OF_ALL);
}

s32 SCX_SLEEPABLE_PROG(plain_init)
{
	return scx_bpf_create_dsq(QUEUE_OF_ALL, -1);
}

void SCX_PROG(plain_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops plain_ops = {
	.enqueue = (void *)plain_enqueue,
	.dispatch = (void *)plain_dispatch,
	.init = (void *)plain_init,
	.exit = (void *)plain_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "plain",
};

/* SPDX-License-Identifier: GPL-2.0 */
/* One queue for all, into which tasks go at its end, or by one changed line at its beginning. */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

#define SHARED_DSQ 0

/* The last that came is the first to go. */
const volatile bool last_first;

void SCX_PROG(ordered_enqueue, struct task_struct *p, u64 enq_flags)
{
	if (last_first)
		enq_flags |= SCX_ENQ_HEAD;
	scx_insert(p, SHARED_DSQ, 20000000, enq_flags);
}

void SCX_PROG(ordered_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_move_to_local(SHARED_DSQ);
}

s32 SCX_SLEEPABLE_PROG(ordered_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_PROG(ordered_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops ordered_ops = {
	.enqueue = (void *)ordered_enqueue,
	.dispatch = (void *)ordered_dispatch,
	.init = (void *)ordered_init,
	.exit = (void *)ordered_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "ordered",
};

/* SPDX-License-Identifier: GPL-2.0 */
/* One queue for all, whose enqueue can be made a little longer. */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

#define SHARED_DSQ 0

/* So many additions are in enqueue that need not be. */
const volatile u32 extra;
u64 added;

void SCX_PROG(measured_enqueue, struct task_struct *p, u64 enq_flags)
{
	if (extra)
		__sync_fetch_and_add(&added, 1);
	scx_insert(p, SHARED_DSQ, 20000000, enq_flags);
}

void SCX_PROG(measured_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_move_to_local(SHARED_DSQ);
}

s32 SCX_SLEEPABLE_PROG(measured_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_PROG(measured_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops measured_ops = {
	.enqueue = (void *)measured_enqueue,
	.dispatch = (void *)measured_dispatch,
	.init = (void *)measured_init,
	.exit = (void *)measured_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "measured",
};

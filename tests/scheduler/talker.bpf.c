/* SPDX-License-Identifier: GPL-2.0 */
/* One FIFO queue, under a name as builds of schedulers in Rust have it. */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

void SCX_PROG(talker_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

void SCX_PROG(talker_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops talker_ops = {
	.enqueue = (void *)talker_enqueue,
	.exit = (void *)talker_exit,
	.timeout_ms = 5000,
	.name = "talker_1.0.18_x86_64_unknown_linux_gnu",
};

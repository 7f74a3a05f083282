/* SPDX-License-Identifier: GPL-2.0 */
/* Calls a kfunc that no kernel has. */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

void scx_bpf_of_tomorrow(struct task_struct *p) __ksym;

void SCX_PROG(of_tomorrow_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_bpf_of_tomorrow(p);
	scx_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

void SCX_PROG(of_tomorrow_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops of_tomorrow_ops = {
	.enqueue = (void *)of_tomorrow_enqueue,
	.exit = (void *)of_tomorrow_exit,
	.name = "of_tomorrow",
};

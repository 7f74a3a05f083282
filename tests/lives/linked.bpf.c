/* SPDX-License-Identifier: GPL-2.0 */
/* Leaves all decisions to the kernel's defaults, and counts in another source: one of two that are
 * linked into one object.
 */
#include <scx/common.bpf.h>

char _license[] SEC("license") = "GPL";

UEI_DEFINE(uei);

/* counting.bpf.c */
extern u64 last_weight;
int count_turn(u32 weight);

void BPF_STRUCT_OPS(linked_running, struct task_struct *p)
{
	last_weight = p->scx.weight;
	count_turn(p->scx.weight);
}

void BPF_STRUCT_OPS(linked_exit, struct scx_exit_info *ei)
{
	UEI_RECORD(uei, ei);
}

SCX_OPS_DEFINE(linked_ops, .running = (void *)linked_running, .exit = (void *)linked_exit,
	       .timeout_ms = 5000, .name = "linked");

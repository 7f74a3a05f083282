/* SPDX-License-Identifier: GPL-2.0 */
/* Leaves all decisions to the kernel's defaults, and is written as the kernel's own schedulers are:
 * with the headers and macros of the tested kernel's tools/sched_ext.
 */
#include <scx/common.bpf.h>

char _license[] SEC("license") = "GPL";

UEI_DEFINE(uei);

/* Nanoseconds after which it gives up; 0: never. */
const volatile u64 give_up_after_ns;

/* The user space of a scheduler fills this in (scx/enums.bpf.h of newer trees). */
const volatile u64 __SCX_SLICE_DFL;

u64 slice_told;

static u64 began_ns;

void BPF_STRUCT_OPS(ecosystem_running, struct task_struct *p)
{
	slice_told = __SCX_SLICE_DFL;
	if (give_up_after_ns && bpf_ktime_get_ns() - began_ns > give_up_after_ns)
		scx_bpf_error("gave up after %llu ns", give_up_after_ns);
}

s32 BPF_STRUCT_OPS_SLEEPABLE(ecosystem_init)
{
	began_ns = bpf_ktime_get_ns();
	return 0;
}

void BPF_STRUCT_OPS(ecosystem_exit, struct scx_exit_info *ei)
{
	UEI_RECORD(uei, ei);
}

SCX_OPS_DEFINE(ecosystem_ops, .running = (void *)ecosystem_running, .init = (void *)ecosystem_init,
	       .exit = (void *)ecosystem_exit, .timeout_ms = 5000, .name = "ecosystem");

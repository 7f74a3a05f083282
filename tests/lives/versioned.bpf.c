/* SPDX-License-Identifier: GPL-2.0 */
/* One FIFO queue.  Its ops carry version, commit and target, as those of schedulers in Rust do. */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

/* Nanoseconds after which it gives up; 0: never. */
const volatile u64 give_up_after_ns;

/* Whether it then says which task it saw. */
const volatile bool say_which;

static u64 began_ns;
static char plain[] = "the plain one";

void SCX_PROG(versioned_enqueue, struct task_struct *p, u64 enq_flags)
{
	if (give_up_after_ns && bpf_ktime_get_ns() - began_ns > give_up_after_ns) {
		if (say_which)
			scx_error("gave up over %s of %s", p->comm, plain);
		else
			scx_error("gave up without an argument");
	}
	scx_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

s32 SCX_SLEEPABLE_PROG(versioned_init)
{
	began_ns = bpf_ktime_get_ns();
	return 0;
}

void SCX_PROG(versioned_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops versioned_ops = {
	.enqueue = (void *)versioned_enqueue,
	.init = (void *)versioned_init,
	.exit = (void *)versioned_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "plain_1.0.19_g0123abcd_dirty_x86_64_unknown_linux_musl",
};

/* SPDX-License-Identifier: GPL-2.0 */
/* One queue for all, with code that some tasks reach and others do not. */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

#define SHARED_DSQ 0
/* sched_ext's scale: a task of nice 0. */
#define USUAL_WEIGHT 100

/* Constant once the scheduler is loaded: the verifier takes what it guards away. */
const volatile bool traced;

u64 nr_heavy, nr_traced;

static __noinline void count_heavy(void)
{
	__sync_fetch_and_add(&nr_heavy, 1);
}

void SCX_PROG(branchy_enqueue, struct task_struct *p, u64 enq_flags)
{
	if (p->scx.weight > USUAL_WEIGHT && !(p->flags & PF_KTHREAD))
		count_heavy();
	if (traced)
		__sync_fetch_and_add(&nr_traced, 1);
	scx_insert(p, SHARED_DSQ, 20000000, enq_flags);
}

void SCX_PROG(branchy_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_move_to_local(SHARED_DSQ);
}

bool SCX_PROG(branchy_yield, struct task_struct *from, struct task_struct *to)
{
	return false;
}

s32 SCX_SLEEPABLE_PROG(branchy_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_PROG(branchy_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops branchy_ops = {
	.enqueue = (void *)branchy_enqueue,
	.dispatch = (void *)branchy_dispatch,
	.yield = (void *)branchy_yield,
	.init = (void *)branchy_init,
	.exit = (void *)branchy_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "branchy",
};

/* SPDX-License-Identifier: GPL-2.0 */
/* fifo for a machine whose CPUs come and go.
 *
 * sched_ext throws out a scheduler that has neither cpu_online nor cpu_offline as soon as a CPU
 * comes or goes. One shared queue serves whatever CPUs there are, so all there is to do is count.
 */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

#define SHARED_DSQ 0

/* Nanoseconds a task may run before the next one gets its turn. */
const volatile u64 slice_ns = 20000000;

/* How many times a CPU came, and went. */
u64 nr_online, nr_offline;

#define MAX_CPUS 512

/* CPUs that are gone, or going. */
static bool gone[MAX_CPUS];

static void set_gone(s32 cpu, bool is_gone)
{
	if (cpu >= 0 && cpu < MAX_CPUS)
		gone[cpu] = is_gone;
}

static bool is_going(u32 cpu)
{
	return cpu < MAX_CPUS && gone[cpu];
}

s32 SCX_PROG(steadfast_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool is_idle = false;
	s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);

	if (is_idle)
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, 0);
	return cpu;
}

void SCX_PROG(steadfast_enqueue, struct task_struct *p, u64 enq_flags)
{
	s32 cpu;

	/*
	 * A CPU that goes is not asked to dispatch any more (balance_one() of Linux 6.12), and its
	 * own threads, for which its going waits, run nowhere else.
	 */
	if ((p->flags & PF_KTHREAD) && p->nr_cpus_allowed == 1) {
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, enq_flags);
		return;
	}
	scx_insert(p, SHARED_DSQ, slice_ns, enq_flags);
	/*
	 * Linux 6.12 kicks from an irq_work of the CPU that asks.  One that goes runs no more of
	 * those, and what is queued then keeps all later ones of that CPU from running, once it is
	 * back, too.  Whom it gives its tasks to is told to look without a kick.
	 */
	if (is_going(bpf_get_smp_processor_id()))
		return;
	/* A CPU that went idle in the meantime would not look at the queue again. */
	cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

void SCX_PROG(steadfast_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_move_to_local(SHARED_DSQ);
}

void SCX_PROG(steadfast_cpu_online, s32 cpu)
{
	set_gone(cpu, false);
	__sync_fetch_and_add(&nr_online, 1);
}

void SCX_PROG(steadfast_cpu_offline, s32 cpu)
{
	set_gone(cpu, true);
	__sync_fetch_and_add(&nr_offline, 1);
}

s32 SCX_SLEEPABLE_PROG(steadfast_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_PROG(steadfast_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops steadfast_ops = {
	.select_cpu = (void *)steadfast_select_cpu,
	.enqueue = (void *)steadfast_enqueue,
	.dispatch = (void *)steadfast_dispatch,
	.cpu_online = (void *)steadfast_cpu_online,
	.cpu_offline = (void *)steadfast_cpu_offline,
	.init = (void *)steadfast_init,
	.exit = (void *)steadfast_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "steadfast",
};

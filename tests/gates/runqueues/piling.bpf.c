/* SPDX-License-Identifier: GPL-2.0 */
/* A scheduler that piles all tasks that may run on CPU 0 up in that CPU's local DSQ: another CPU
 * never sees them, and stands idle beside. With `pile` off one shared queue serves all CPUs. With
 * `hog` it spends so long in dispatch(), where interrupts are off, that a CPU's clock stands.
 */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

#define SHARED_DSQ 0
#define SLICE_NS 50000000

#define HOG_TURNS (1 << 21)
#define HOGS 3

const volatile bool pile = true;
const volatile bool hog = false;

static u32 nr_hogs;

static bool is_piled(struct task_struct *p)
{
	return pile && !(p->flags & PF_KTHREAD) && bpf_cpumask_test_cpu(0, p->cpus_ptr);
}

s32 SCX_PROG(piling_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool is_idle = false;
	s32 cpu;

	if (is_piled(p))
		return 0;
	cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);
	if (is_idle)
		scx_insert(p, SCX_DSQ_LOCAL, SLICE_NS, 0);
	return cpu;
}

void SCX_PROG(piling_enqueue, struct task_struct *p, u64 enq_flags)
{
	s32 cpu;

	if (is_piled(p)) {
		scx_insert(p, SCX_DSQ_LOCAL_ON | 0, SLICE_NS, enq_flags);
		return;
	}
	scx_insert(p, SHARED_DSQ, SLICE_NS, enq_flags);
	cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

static long turn(u64 number, void *sum)
{
	*(u64 *)sum += number;
	return 0;
}

void SCX_PROG(piling_dispatch, s32 cpu, struct task_struct *prev)
{
	u64 sum = 0;

	/* While a task's turn is over and it would go on. */
	if (hog && cpu == 1 && prev && (prev->scx.flags & SCX_TASK_QUEUED) && nr_hogs < HOGS) {
		nr_hogs++;
		bpf_loop(HOG_TURNS, turn, &sum, 0);
	}
	/* With SCX_OPS_ENQ_LAST the kernel does not keep the last task running by itself. */
	if (!scx_move_to_local(SHARED_DSQ) && prev && (prev->scx.flags & SCX_TASK_QUEUED) &&
	    !(cpu && is_piled(prev)))
		prev->scx.slice = SLICE_NS;
}

s32 SCX_SLEEPABLE_PROG(piling_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_PROG(piling_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops piling_ops = {
	.select_cpu = (void *)piling_select_cpu,
	.enqueue = (void *)piling_enqueue,
	.dispatch = (void *)piling_dispatch,
	.init = (void *)piling_init,
	.exit = (void *)piling_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	/* A task that was first elsewhere is piled up once its turn is over, too. */
	.flags = SCX_OPS_ENQ_LAST,
	.timeout_ms = 20000,
	.name = "piling",
};

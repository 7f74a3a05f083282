/* SPDX-License-Identifier: GPL-2.0 */
/* //sched/fifo under its own names, with SLOWER in its enqueue. */
char _license[] SEC("license") = "GPL";

#define SHARED_DSQ 0

const volatile u64 slice_ns = 20000000;

u64 nr_local, nr_shared;

s32 SCX_PROG(fifo_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool is_idle = false;
	s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);

	if (is_idle) {
		__sync_fetch_and_add(&nr_local, 1);
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, 0);
	}
	return cpu;
}

void SCX_PROG(fifo_enqueue, struct task_struct *p, u64 enq_flags)
{
	s32 cpu;

	__sync_fetch_and_add(&nr_shared, 1);
	SLOWER;
	scx_insert(p, SHARED_DSQ, slice_ns, enq_flags);
	cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

void SCX_PROG(fifo_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_move_to_local(SHARED_DSQ);
}

s32 SCX_SLEEPABLE_PROG(fifo_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_PROG(fifo_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops fifo_ops = {
	.select_cpu = (void *)fifo_select_cpu,
	.enqueue = (void *)fifo_enqueue,
	.dispatch = (void *)fifo_dispatch,
	.init = (void *)fifo_init,
	.exit = (void *)fifo_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "fifo",
};

/* SPDX-License-Identifier: GPL-2.0 */
/* The FIFO scheduler with faults that can be switched on, to show what a test makes of them.
 *
 * Every knob is off by default. All but the last three can be changed while the scheduler runs.
 * Kernel threads are spared by default, because the kernel's own watchdog needs one to report.
 */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

/* Tasks of user space, ordered by the time from which they may run. */
#define SHARED_DSQ 0
/* Spared tasks: kernel threads. */
#define KERNEL_DSQ 1
/* Tasks that starve_pid and starve_comm name. */
#define STARVED_DSQ 2

/* One tick at HZ=250, the shortest a slice can be. */
#define SCATTER_SLICE_NS 4000000
#define TIMER_PERIOD_NS 10000000
#define TIMER_PERIOD_DELAYING_NS 500000

/* Dispatches nothing from this many nanoseconds after the attachment on; 0: off, 1: at once. */
u64 stall_after_ns = 0;
/* Never dispatches the task of this PID; 0: off. */
s32 starve_pid = 0;
/* Never dispatches a task whose comm starts with this text; empty: off. */
char starve_comm[TASK_COMM_LEN] = "";
/* Holds every task back for this many nanoseconds whenever it becomes runnable; 0: off. */
u64 delay_ns = 0;
/* Sends every task to a far CPU whenever it wakes up and at every tick, idle or not. */
bool scatter = false;
/* CPUs from this number on never take a task of user space that may run on CPU 0; 0: off. */
u32 unused_from = 0;
/* Calls scx_bpf_error this many nanoseconds after the attachment; 0: off, 1: at once. */
u64 error_after_ns = 0;

/* Nanoseconds a task may run before the next one gets its turn. */
const volatile u64 slice_ns = 20000000;
/* false: the faults hit kernel threads too. */
const volatile bool spare_kernel_threads = true;
/* true: contains an access that the verifier must reject. */
const volatile bool fail_verify = false;

/* How many times a task was sent to an idle CPU, queued, held back, and sent to a far CPU. */
u64 nr_local, nr_shared, nr_starved, nr_delayed, nr_scattered;

static u64 started_ns;
static u64 table[8];

struct timer {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct timer);
} timers SEC(".maps");

static bool reached(u64 after_ns)
{
	return after_ns && bpf_ktime_get_ns() - started_ns >= after_ns;
}

static bool is_spared(const struct task_struct *p)
{
	return spare_kernel_threads && (p->flags & PF_KTHREAD);
}

static bool is_starved(const struct task_struct *p)
{
	int i;

	if (is_spared(p))
		return false;
	if (starve_pid && p->pid == starve_pid)
		return true;
	for (i = 0; i < TASK_COMM_LEN; i++) {
		if (!starve_comm[i])
			return i > 0;
		if (p->comm[i] != starve_comm[i])
			return false;
	}
	return true;
}

/* Whether a fault keeps the task from running right now. */
static bool is_held(const struct task_struct *p)
{
	return !is_spared(p) && (delay_ns || reached(stall_after_ns) || is_starved(p));
}

/* Whether the kernel would refuse to move the task to another CPU. */
static bool is_pinned(const struct task_struct *p)
{
	/* The kernel disables migration of the current task while a BPF program runs. */
	u32 depth = p == bpf_get_current_task_btf() ? 1 : 0;

	return p->nr_cpus_allowed == 1 || p->migration_disabled > depth;
}

static bool is_scattered(const struct task_struct *p)
{
	return scatter && !is_spared(p) && !is_pinned(p);
}

/* Whether the task is one of those that the unused CPUs leave to the others. */
static bool is_crowded(const struct task_struct *p)
{
	return unused_from && !is_spared(p) && bpf_cpumask_test_cpu(0, p->cpus_ptr);
}

/* The allowed CPU half way around from where the task was: the far side in any topology. */
static s32 far_cpu(const struct task_struct *p, s32 from)
{
	u32 nr = scx_bpf_nr_cpu_ids();
	u32 i, cpu;

	bpf_for(i, 0, nr) {
		cpu = (from + nr / 2 + i) % nr;
		if (cpu != from && bpf_cpumask_test_cpu(cpu, p->cpus_ptr))
			return cpu;
	}
	return from;
}

s32 SCX_PROG(faulty_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool is_idle = false;
	s32 cpu;

	if (is_held(p) || is_crowded(p))
		return prev_cpu;
	if (is_scattered(p)) {
		__sync_fetch_and_add(&nr_scattered, 1);
		scx_insert(p, SCX_DSQ_LOCAL, SCATTER_SLICE_NS, 0);
		return far_cpu(p, prev_cpu);
	}
	cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);
	if (is_idle) {
		__sync_fetch_and_add(&nr_local, 1);
		scx_insert(p, SCX_DSQ_LOCAL, slice_ns, 0);
	}
	return cpu;
}

static void kick_idle_cpus(void)
{
	u32 cpu;

	bpf_for(cpu, 0, scx_bpf_nr_cpu_ids())
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

void SCX_PROG(faulty_enqueue, struct task_struct *p, u64 enq_flags)
{
	s32 cpu;

	if (is_starved(p)) {
		__sync_fetch_and_add(&nr_starved, 1);
		scx_insert(p, STARVED_DSQ, slice_ns, enq_flags);
		return;
	}
	if (is_scattered(p) && !is_held(p)) {
		__sync_fetch_and_add(&nr_scattered, 1);
		cpu = far_cpu(p, scx_bpf_task_cpu(p));
		scx_insert(p, SCX_DSQ_LOCAL_ON | cpu, SCATTER_SLICE_NS, enq_flags);
		return;
	}
	if (is_spared(p) || (unused_from && !is_crowded(p))) {
		scx_insert(p, KERNEL_DSQ, slice_ns, enq_flags);
	} else {
		__sync_fetch_and_add(delay_ns ? &nr_delayed : &nr_shared, 1);
		scx_insert_vtime(p, SHARED_DSQ, slice_ns, bpf_ktime_get_ns() + delay_ns, enq_flags);
	}
	if (unused_from) {
		kick_idle_cpus();
		return;
	}
	/* A CPU that went idle in the meantime would not look at the queue again. */
	cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

/* Whether the task at the head of the shared queue has been held back long enough. */
static bool head_is_due(void)
{
	struct task_struct *p;
	bool due = false;

	if (!delay_ns)
		return true;
	bpf_for_each(scx_dsq, p, SHARED_DSQ, 0) {
		due = p->scx.dsq_vtime <= bpf_ktime_get_ns();
		break;
	}
	return due;
}

void SCX_PROG(faulty_dispatch, s32 cpu, struct task_struct *prev)
{
	bool unused = unused_from && (u32)cpu >= unused_from;
	bool stalled = reached(stall_after_ns);

	if (scx_move_to_local(KERNEL_DSQ))
		return;
	if (!stalled) {
		if (!starve_pid && !starve_comm[0] && scx_move_to_local(STARVED_DSQ))
			return;
		if (!unused && head_is_due() && scx_move_to_local(SHARED_DSQ))
			return;
	}
	/* With SCX_OPS_ENQ_LAST, the kernel does not keep the last task running by itself. */
	if (!prev || !(prev->scx.flags & SCX_TASK_QUEUED) || (unused && is_crowded(prev)))
		return;
	if (is_spared(prev) || (!stalled && !is_starved(prev) && !is_scattered(prev)))
		prev->scx.slice = slice_ns;
}

/* A task may come to a CPU on a way that never asks us: the kernel returns one that it moved. */
void SCX_PROG(faulty_running, struct task_struct *p)
{
	if (is_starved(p))
		scx_bpf_kick_cpu(scx_bpf_task_cpu(p), SCX_KICK_PREEMPT);
}

/* A task that gets a name to be starved is running at that time: it must go at once. */
SEC("tp_btf/task_rename")
int BPF_PROG(faulty_rename, struct task_struct *p, const char *comm)
{
	if (starve_comm[0] && p == bpf_get_current_task_btf())
		scx_bpf_kick_cpu(bpf_get_smp_processor_id(), SCX_KICK_PREEMPT);
	return 0;
}

static int on_timer(void *map, u32 *key, struct timer *value)
{
	if (reached(error_after_ns))
		scx_error("error_after_ns=%llu reached", error_after_ns);
	/* Held tasks become due, or a knob is taken back, while every CPU sleeps. */
	if (scx_bpf_dsq_nr_queued(SHARED_DSQ) > 0 || scx_bpf_dsq_nr_queued(STARVED_DSQ) > 0)
		kick_idle_cpus();
	bpf_timer_start(&value->timer, delay_ns ? TIMER_PERIOD_DELAYING_NS : TIMER_PERIOD_NS, 0);
	return 0;
}

static s32 start_timer(void)
{
	struct timer *value;
	u32 key = 0;
	s32 err;

	value = bpf_map_lookup_elem(&timers, &key);
	if (!value)
		return -2; /* ENOENT */
	err = bpf_timer_init(&value->timer, &timers, CLOCK_MONOTONIC);
	if (err)
		return err;
	err = bpf_timer_set_callback(&value->timer, on_timer);
	if (err)
		return err;
	return bpf_timer_start(&value->timer, TIMER_PERIOD_DELAYING_NS, 0);
}

s32 SCX_SLEEPABLE_PROG(faulty_init)
{
	s32 err;

	started_ns = bpf_ktime_get_ns();
	/* Dead code to the verifier, unless the knob is set; then an unbounded index. */
	if (fail_verify)
		table[started_ns]++;
	err = scx_bpf_create_dsq(SHARED_DSQ, -1);
	if (err)
		return err;
	err = scx_bpf_create_dsq(KERNEL_DSQ, -1);
	if (err)
		return err;
	err = scx_bpf_create_dsq(STARVED_DSQ, -1);
	if (err)
		return err;
	return start_timer();
}

void SCX_PROG(faulty_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops faulty_ops = {
	.select_cpu = (void *)faulty_select_cpu,
	.enqueue = (void *)faulty_enqueue,
	.dispatch = (void *)faulty_dispatch,
	.running = (void *)faulty_running,
	.init = (void *)faulty_init,
	.exit = (void *)faulty_exit,
	.flags = SCX_OPS_ENQ_LAST,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.timeout_ms = 5000,
	.name = "faulty",
};

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looks at every runqueue once a period: who runs, under which class, and which CPUs stand idle
 * although a task that may run there waits.
 *
 * A timer looks, not tracepoints: it costs the same however often tasks switch, and the kernel's
 * own runqueues also know who is throttled, leaves with a delay, or may not run elsewhere.  Nothing
 * is locked: what a look reads may change under it, so nothing is claimed that two looks in a row
 * have not seen.  The kernel's structures are declared with the few members that are read; CO-RE
 * finds their places in the running kernel (kernel/sched/sched.h, 6.12 to 7.2).
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "ktstr/sampler/looks.h"

#define CLOCK_MONOTONIC 1
#define PF_KTHREAD 0x00200000
#define TASK_RUNNING 0
#define TASK_ON_RQ_QUEUED 1
#define BITS 64
#define MAX_WORDS (WITNESS_MAX_CPUS / BITS)
/* of one runqueue's list: who waits behind so many is not looked for */
#define MAX_WAITING 32
#define MAX_WAITS 4096
#define MAX_GROUPS 8
/* what a running task's CPU time may lag behind: a tick at HZ=100 */
#define TICK_NS 10000000

char _license[] SEC("license") = "GPL";

#define FROM_KERNEL __attribute__((preserve_access_index))

struct list_head {
	struct list_head *next;
} FROM_KERNEL;

struct kernfs_node {
	__u64 id;
} FROM_KERNEL;

struct cgroup {
	struct kernfs_node *kn;
} FROM_KERNEL;

struct css_set {
	struct cgroup *dfl_cgrp;
} FROM_KERNEL;

struct sched_class {
	void *enqueue_task;
} FROM_KERNEL;

struct cfs_bandwidth {
	struct list_head throttled_cfs_rq;
} FROM_KERNEL;

struct task_group {
	struct task_group *parent;
	struct cfs_bandwidth cfs_bandwidth;
} FROM_KERNEL;

struct cfs_rq {
	int throttle_count;
} FROM_KERNEL;

struct sched_entity {
	struct list_head group_node;
	struct cfs_rq *cfs_rq;
	__u64 sum_exec_runtime;
	unsigned char sched_delayed;
} FROM_KERNEL;

struct scx_sched {
	int bypass_depth;
} FROM_KERNEL;

struct sched_ext_entity {
	struct scx_sched *sched;
	struct list_head runnable_node;
} FROM_KERNEL;

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	int on_cpu;
	int on_rq;
	int pid;
	int tgid;
	char comm[WITNESS_COMM];
	bool throttled;
	const void *cpus_ptr;
	const struct sched_class *sched_class;
	struct sched_entity se;
	struct sched_ext_entity scx;
	struct task_group *sched_task_group;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct css_set *cgroups;
} FROM_KERNEL;

struct scx_rq {
	struct list_head runnable_list;
	__u32 flags;
} FROM_KERNEL;

struct rq {
	unsigned int nr_running;
	__u64 nr_switches;
	struct task_struct *curr;
	struct task_struct *idle;
	struct task_struct *stop;
	struct scx_rq scx;
	struct list_head cfs_tasks;
	int online;
} FROM_KERNEL;

enum scx_rq_flags {
	SCX_RQ_BYPASSING = 1 << 4,
};

extern struct rq runqueues __ksym;

struct looker {
	struct bpf_timer timer;
};

struct wait {
	__u64 look; /* the last one that saw it wait */
	__u64 ran_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct looker);
} timers SEC(".maps");

/* User space sets how many CPUs there can be. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WITNESS_MAX_CPUS);
	__type(key, __u32);
	__type(value, struct witness_cpu);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WITNESS_MAX_CELLS);
	__type(key, struct witness_cell_key);
	__type(value, struct witness_cell);
} cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WITNESS_MAX_RAN);
	__type(key, struct witness_ran_key);
	__type(value, struct witness_ran);
} ran SEC(".maps");

/* The cgroups whose tasks are counted, by inode number. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WITNESS_MAX_CGROUPS);
	__type(key, __u64);
	__type(value, __u8);
} cgroups SEC(".maps");

/* Who waited when, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_WAITS);
	__type(key, __u32);
	__type(value, struct wait);
} waits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} holds SEC(".maps");

struct witness_shared shared SEC(".data.shared");
const volatile __u32 nr_cpus = 1;

static const struct witness_cell empty_cell;
static const struct witness_ran no_samples;

/* CPUs that have been idle from the last look to this one, and those of them that were wanted. */
static __u64 idle_cpus[MAX_WORDS];
static __u64 wasted_cpus[MAX_WORDS];

/* The look that is being taken: there is only one at a time.  Not static, or clang splits it. */
struct {
	__u64 now_ns;
	__u64 span_ns; /* since the look before; 0: nothing is claimed for it */
	__u32 phase;   /* user space may go on to the next meanwhile */
	__u32 queued;
	__u32 busy;
	__u32 idle; /* CPUs that were so since the look before */
} look;

static void add_to(__u64 words[], __u32 cpu)
{
	words[(cpu / BITS) % MAX_WORDS] |= 1ull << (cpu % BITS);
}

static bool is_in(const __u64 words[], __u32 cpu)
{
	return words[(cpu / BITS) % MAX_WORDS] & (1ull << (cpu % BITS));
}

/*
 * Global functions are verified once each, not once for every way that leads to them, which takes
 * seconds off a guest's start.  They can be given numbers only: a structure's address is one, and
 * bpf_core_cast() makes a pointer of it that the kernel checks at each access.
 */
#define GLOBAL __attribute__((noinline)) int

/*
 * The kernel's classes are an array in order of rank, which it relies on itself (sched_init()).
 * The ends of it are known by their tasks, so that no symbol has to be looked for.
 */
GLOBAL class_of(__u32 number, __u64 task)
{
	struct rq *rq = bpf_per_cpu_ptr(&runqueues, number);
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);
	__u64 size = bpf_core_type_size(struct sched_class);
	__u64 first, kinds, rank;

	if (!rq)
		return CLASS_IDLE;
	first = (__u64)rq->stop->sched_class;
	kinds = ((__u64)rq->idle->sched_class - first) / size + 1;
	rank = ((__u64)p->sched_class - first) / size;
	if (rank + 1 >= kinds)
		return CLASS_IDLE;
	if (rank < CLASS_EXT)
		return rank;
	/* since 7.0 each scheduler says whether it is bypassed, before that each runqueue did */
	if (bpf_core_enum_value_exists(enum scx_rq_flags, SCX_RQ_BYPASSING)) {
		if (rq->scx.flags & bpf_core_enum_value(enum scx_rq_flags, SCX_RQ_BYPASSING))
			return CLASS_BYPASS;
	} else if (bpf_core_field_exists(p->scx.sched) &&
		   bpf_core_field_exists(struct scx_sched, bypass_depth)) {
		if (p->scx.sched->bypass_depth > 0)
			return CLASS_BYPASS;
	}
	return CLASS_EXT;
}

GLOBAL count(__u64 task, __u32 class)
{
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);
	__u64 id = p->cgroups->dfl_cgrp->kn->id;
	struct witness_ran_key key = {.cgroup = id, .phase = look.phase};
	struct witness_ran *found;
	__u32 parent;

	if ((p->flags & PF_KTHREAD) || !bpf_map_lookup_elem(&cgroups, &id))
		return 0;
	parent = p->group_leader->real_parent->tgid;
	if (parent == shared.control.parents[0] || parent == shared.control.parents[1])
		key.pid = p->pid;
	found = bpf_map_lookup_elem(&ran, &key);
	if (!found) {
		/* no room of its own: with the cgroup's others, if they have some */
		if (bpf_map_update_elem(&ran, &key, &no_samples, BPF_NOEXIST))
			key.pid = 0;
		found = bpf_map_lookup_elem(&ran, &key);
	}
	if (found && class < CLASSES)
		found->samples[class]++;
	else
		shared.account.dropped++;
	return 0;
}

GLOBAL end_hold(__u32 number)
{
	struct witness_cpu *cpu = bpf_map_lookup_elem(&cpus, &number);
	struct witness_hold *hold;

	if (!cpu)
		return 0;
	hold = &cpu->hold;
	if (hold->ended_ns - hold->started_ns >= shared.control.hold_ns &&
	    bpf_ringbuf_output(&holds, hold, sizeof(*hold), BPF_RB_NO_WAKEUP))
		shared.account.dropped++;
	hold->started_ns = 0;
	return 0;
}

/* The task went on, if perhaps interrupted: most of the time since it began was its own. */
static bool goes_on(const struct witness_cpu *cpu, struct task_struct *p, bool switched)
{
	__u64 since_ns = look.now_ns - cpu->hold.started_ns;

	if (!cpu->hold.started_ns || cpu->hold.pid != p->pid)
		return false;
	return !switched ||
	       p->se.sum_exec_runtime - cpu->hold_ran_ns + TICK_NS >= since_ns - since_ns / 8;
}

GLOBAL follow_hold(__u32 number, __u64 task, __u32 class, __u32 switched)
{
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);
	struct witness_cpu *cpu = bpf_map_lookup_elem(&cpus, &number);
	struct witness_hold *hold;

	if (!cpu)
		return 0;
	hold = &cpu->hold;
	if (goes_on(cpu, p, switched)) {
		hold->ended_ns = look.now_ns;
		return 0;
	}
	if (hold->started_ns)
		end_hold(number);
	hold->started_ns = hold->ended_ns = look.now_ns;
	hold->cpu = number;
	hold->pid = p->pid;
	hold->class = class;
	cpu->hold_ran_ns = p->se.sum_exec_runtime;
	bpf_probe_read_kernel_str(hold->comm, sizeof(hold->comm), p->comm);
	return 0;
}

/* A CPU that is never idle has a cell, too: it is known to have been there. */
GLOBAL begin_phase(__u32 number)
{
	struct witness_cell_key key = {.phase = look.phase, .cpu = number};
	struct witness_cpu *cpu = bpf_map_lookup_elem(&cpus, &number);

	if (!cpu)
		return 0;
	if (bpf_map_update_elem(&cells, &key, &empty_cell, BPF_NOEXIST))
		shared.account.dropped++;
	cpu->phase = look.phase;
	cpu->stretch_ns = 0;
	return 0;
}

GLOBAL see_idle(__u32 number, __u32 switched)
{
	struct witness_cell_key key = {.phase = look.phase, .cpu = number};
	struct witness_cpu *cpu = bpf_map_lookup_elem(&cpus, &number);
	struct witness_cell *cell = bpf_map_lookup_elem(&cells, &key);

	if (!cpu)
		return 0;
	if (look.span_ns && cell)
		cell->idle_ns += look.span_ns;
	if (look.span_ns && cpu->idle && !switched) {
		add_to(idle_cpus, number);
		look.idle++;
	}
	cpu->idle = true;
	return 0;
}

GLOBAL see_cpu(__u32 number)
{
	struct rq *rq = bpf_per_cpu_ptr(&runqueues, number);
	struct witness_cpu *cpu = bpf_map_lookup_elem(&cpus, &number);
	bool switched;
	__u64 curr;
	int class;

	if (!rq || !cpu)
		return 0;
	if (cpu->hold.started_ns && (!look.span_ns || !rq->online))
		end_hold(number);
	if (!rq->online) {
		cpu->idle = false;
		return 0;
	}
	switched = rq->nr_switches != cpu->switches;
	cpu->switches = rq->nr_switches;
	if (cpu->phase != look.phase)
		begin_phase(number);
	look.queued += rq->nr_running;
	/* as a number */
	if (bpf_core_read(&curr, sizeof(curr), &rq->curr))
		return 0;
	class = class_of(number, curr);
	if (class <= CLASS_REALTIME)
		follow_hold(number, curr, class, switched);
	else if (cpu->hold.started_ns)
		end_hold(number);
	if (class == CLASS_IDLE)
		return see_idle(number, switched);
	cpu->idle = false;
	look.busy++;
	return count(curr, class);
}

static void note_waiting(__u32 number, __u64 task)
{
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);
	struct witness_cpu *cpu = bpf_map_lookup_elem(&cpus, &number);

	if (!cpu)
		return;
	cpu->waiting_pid = p->pid;
	bpf_probe_read_kernel_str(cpu->waiting_comm, WITNESS_COMM, p->comm);
}

/* Of up to BITS idle CPUs that the task may run on, these nobody waited for so far. */
GLOBAL want_word(__u32 word, __u64 bits, __u64 task)
{
	__u32 each;

	bpf_for(each, 0, BITS) {
		if (bits & (1ull << each))
			note_waiting(word * BITS + each, task);
	}
	return 0;
}

/* The task may run on these of the CPUs that have been idle. */
GLOBAL want_cpus(__u64 task)
{
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);
	__u64 allowed = (__u64)p->cpus_ptr;
	__u32 word;

	bpf_for(word, 0, (nr_cpus + BITS - 1) / BITS) {
		__u64 bits = 0;

		if (word >= MAX_WORDS ||
		    bpf_probe_read_kernel(&bits, sizeof(bits), (void *)(allowed + word * 8)))
			break;
		bits &= idle_cpus[word] & ~wasted_cpus[word];
		wasted_cpus[word] |= bits;
		if (bits)
			want_word(word, bits, task);
	}
	return 0;
}

/* A quota that is used up on one CPU has something left on another for a moment. */
GLOBAL is_short_of_quota(__u64 task)
{
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);
	struct task_group *group = p->sched_task_group;
	int i;

	if (p->se.cfs_rq->throttle_count)
		return true;
	if (!bpf_core_field_exists(struct cfs_bandwidth, throttled_cfs_rq))
		return false;
	bpf_for(i, 0, MAX_GROUPS) {
		struct list_head *own, *next;

		if (!group)
			break;
		own = &group->cfs_bandwidth.throttled_cfs_rq;
		next = own->next;
		if (next && next != own)
			return true;
		group = group->parent;
	}
	return false;
}

static bool waits_now(__u64 task, bool fair)
{
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);

	if (p->on_rq != TASK_ON_RQ_QUEUED || p->__state != TASK_RUNNING || p->on_cpu)
		return false;
	if (!fair)
		return true;
	if (bpf_core_field_exists(p->se.sched_delayed) && p->se.sched_delayed)
		return false;
	if (bpf_core_field_exists(p->throttled) && p->throttled)
		return false;
	return !is_short_of_quota(task);
}

/* Whether the task waits, and has done since the look before, without a turn on a CPU. */
GLOBAL has_waited(__u64 task, __u32 fair)
{
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);
	struct wait now = {.look = shared.account.looks, .ran_ns = p->se.sum_exec_runtime};
	__u32 pid = p->pid;
	struct wait *wait;
	bool so;

	if (!waits_now(task, fair))
		return false;
	wait = bpf_map_lookup_elem(&waits, &pid);
	if (!wait) {
		bpf_map_update_elem(&waits, &pid, &now, BPF_NOEXIST);
		return false;
	}
	so = wait->look + 1 == now.look && wait->ran_ns == now.ran_ns;
	*wait = now;
	return so;
}

/* One of a runqueue's lists: of sched_ext's tasks, in whatever DSQ they are, or of fair ones. */
GLOBAL walk(__u32 number, __u32 fair)
{
	__u64 to_task = bpf_core_field_offset(struct task_struct, se.group_node);
	struct rq *rq = bpf_per_cpu_ptr(&runqueues, number);
	__u64 node = 0;
	void *head;
	int i;

	if (!rq)
		return 0;
	head = &rq->cfs_tasks;
	if (!fair && bpf_core_field_exists(rq->scx)) {
		to_task = bpf_core_field_offset(struct task_struct, scx.runnable_node);
		head = &rq->scx.runnable_list;
	}
	if (bpf_probe_read_kernel(&node, sizeof(node), head))
		return 0;
	bpf_for(i, 0, MAX_WAITING) {
		__u64 task = node - to_task;

		if (!node || (void *)node == head ||
		    bpf_probe_read_kernel(&node, sizeof(node), (void *)node))
			break;
		if (has_waited(task, fair))
			want_cpus(task);
	}
	return 0;
}

GLOBAL find_waiting(__u32 number)
{
	struct rq *rq = bpf_per_cpu_ptr(&runqueues, number);

	if (!rq || !rq->online || !rq->nr_running)
		return 0;
	if (bpf_core_field_exists(rq->scx))
		walk(number, false);
	return walk(number, true);
}

GLOBAL charge(__u32 number)
{
	struct witness_cell_key key = {.phase = look.phase, .cpu = number};
	struct witness_cpu *cpu = bpf_map_lookup_elem(&cpus, &number);
	struct witness_cell *cell = bpf_map_lookup_elem(&cells, &key);

	if (!cpu || !is_in(wasted_cpus, number))
		return 0;
	if (cpu->stretch_look + 1 != shared.account.looks)
		cpu->stretch_ns = 0;
	cpu->stretch_look = shared.account.looks;
	cpu->stretch_ns += look.span_ns;
	if (!cell)
		return 0;
	cell->wasted_ns += look.span_ns;
	if (cpu->stretch_ns < cell->longest_ns)
		return 0;
	cell->longest_ns = cpu->stretch_ns;
	cell->longest_ended_ns = look.now_ns;
	cell->waiting_pid = cpu->waiting_pid;
	__builtin_memcpy(cell->waiting_comm, cpu->waiting_comm, WITNESS_COMM);
	return 0;
}

GLOBAL find_waste(void)
{
	__u32 number;

	bpf_for(number, 0, nr_cpus)
		find_waiting(number);
	bpf_for(number, 0, nr_cpus)
		charge(number);
	return 0;
}

GLOBAL see_all(void)
{
	__u32 number;

	look.queued = look.busy = look.idle = 0;
	__builtin_memset(idle_cpus, 0, sizeof(idle_cpus));
	__builtin_memset(wasted_cpus, 0, sizeof(wasted_cpus));
	bpf_for(number, 0, nr_cpus)
		see_cpu(number);
	/* otherwise nobody waits, or no CPU has been idle for long enough to tell */
	if (look.idle && look.queued > look.busy)
		find_waste();
	return 0;
}

static int on_timer(void *map, int *key, struct looker *looker)
{
	struct witness_control *c = &shared.control;
	struct witness_account *a = &shared.account;

	if (!c->armed)
		return 0;
	look.now_ns = bpf_ktime_get_ns();
	look.span_ns = look.now_ns - a->last_ns;
	look.phase = c->phase;
	a->last_ns = look.now_ns;
	a->looks++;
	if (look.span_ns > 2 * c->period_ns) {
		look.span_ns = 0;
		a->late++;
	}
	see_all();
	a->cost_ns += bpf_ktime_get_ns() - look.now_ns;
	bpf_timer_start(&looker->timer, c->period_ns, 0);
	return 0;
}

/* Has the timer started; user space has said how to look. */
SEC("syscall")
int arm(void *nothing)
{
	struct looker *looker;
	__u32 only = 0;
	long error;

	looker = bpf_map_lookup_elem(&timers, &only);
	if (!looker)
		return -1;
	shared.account.last_ns = bpf_ktime_get_ns();
	error = bpf_timer_init(&looker->timer, &timers, CLOCK_MONOTONIC);
	if (!error)
		error = bpf_timer_set_callback(&looker->timer, on_timer);
	if (!error)
		error = bpf_timer_start(&looker->timer, shared.control.period_ns, 0);
	return error;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looks at every runqueue once a period: who runs, under which class, and which CPUs stand idle
 * although a task that may run there waits.
 *
 * A timer looks, not tracepoints: it costs the same however often tasks switch, and the kernel's
 * own runqueues also know who is throttled, leaves with a delay, or may not run elsewhere.  Nothing
 * is locked: what a look reads may change under it, so nothing is claimed that two looks in a row
 * have not seen.
 */
#include "ktstr/sampler/state.bpf.h"
#include "ktstr/sampler/waiting.bpf.h"

/* what a running task's CPU time may lag behind: a tick at HZ=100 */
#define TICK_NS 10000000

char _license[] SEC("license") = "GPL";

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
	if (bpf_core_field_exists(rq->rq_sched_info))
		look.delay_ns += rq->rq_sched_info.run_delay;
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

GLOBAL see_all(void)
{
	__u64 delay_ns = look.delay_ns;
	__u32 number;

	look.queued = look.busy = look.idle = 0;
	look.delay_ns = 0;
	__builtin_memset(idle_cpus, 0, sizeof(idle_cpus));
	__builtin_memcpy(wanted_before, wanted_cpus, sizeof(wanted_before));
	__builtin_memset(wanted_cpus, 0, sizeof(wanted_cpus));
	__builtin_memset(wasted_cpus, 0, sizeof(wasted_cpus));
	bpf_for(number, 0, nr_cpus)
		see_cpu(number);
	look.waited_ns = look.delay_ns - delay_ns;
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

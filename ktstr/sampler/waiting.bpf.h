/* SPDX-License-Identifier: GPL-2.0 */
/* Who waits while CPUs stand idle. */
#ifndef KTSTR_SAMPLER_WAITING_BPF_H
#define KTSTR_SAMPLER_WAITING_BPF_H

#include "ktstr/sampler/state.bpf.h"

/* of one runqueue's list: who waits behind so many is not looked for */
#define MAX_WAITING 32
#define MAX_GROUPS 8

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

/* The task may run on these of the CPUs that have been idle; `all`: and waited all that time. */
GLOBAL want_cpus(__u64 task, __u32 all)
{
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);
	__u64 allowed = (__u64)p->cpus_ptr;
	__u32 word;

	bpf_for(word, 0, (nr_cpus + BITS - 1) / BITS) {
		__u64 bits = 0, more;

		if (word >= MAX_WORDS ||
		    bpf_probe_read_kernel(&bits, sizeof(bits), (void *)(allowed + word * 8)))
			break;
		bits &= idle_cpus[word];
		more = bits & ~(all ? wasted_cpus[word] : wanted_cpus[word]);
		wanted_cpus[word] |= bits;
		if (all)
			wasted_cpus[word] |= bits;
		if (more)
			want_word(word, more, task);
	}
	return 0;
}

/*
 * Where turns are short nobody waits from one look to the next, though there is always somebody who
 * waits: so it is where a CPU is wanted at both looks, and tasks that had a turn meanwhile have
 * waited for more than half of the time in all.
 */
static void add_short_waits(void)
{
	__u32 word;

	bpf_for(word, 0, MAX_WORDS) {
		if (2 * look.waited_ns > look.span_ns)
			wasted_cpus[word] |= wanted_cpus[word] & wanted_before[word];
	}
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

GLOBAL waits_now(__u64 task, __u32 fair)
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

/* Whether the task, which waits, has done so since the look before, without a turn on a CPU. */
GLOBAL has_waited(__u64 task)
{
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);
	struct wait now = {.look = shared.account.looks, .ran_ns = p->se.sum_exec_runtime};
	__u32 pid = p->pid;
	struct wait *wait;
	bool so;

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
		if (waits_now(task, fair))
			want_cpus(task, has_waited(task));
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
	add_short_waits();
	bpf_for(number, 0, nr_cpus)
		charge(number);
	return 0;
}

#endif

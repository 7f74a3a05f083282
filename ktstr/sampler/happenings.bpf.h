/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of each task: its last events, and since when it waits for a CPU. */
#ifndef KTSTR_SAMPLER_HAPPENINGS_BPF_H
#define KTSTR_SAMPLER_HAPPENINGS_BPF_H

#include "ktstr/sampler/logs.h"
#include "ktstr/sampler/recorded.bpf.h"

#include <bpf/bpf_tracing.h>

/* how far looks at waiting tasks are apart */
#define LOOK_NS 10000000
/*
 * Logs that are looked at for room at one event: the next one goes on behind them.  Where all of so
 * many wait there is none.
 */
#define ROOM_STEPS 256
/* how often another CPU may be quicker to take what was found */
#define ROOM_TRIES 4

/* The log of a task that has one. */
static __always_inline struct task_log *known_log(__u32 pid)
{
	__u32 *slot = bpf_map_lookup_elem(&ktstr_slots, &pid);
	struct task_log *log = slot ? bpf_map_lookup_elem(&ktstr_tasks, slot) : NULL;

	/* it may be another's for a moment */
	return is_stale(log, pid) ? NULL : log;
}

/*
 * Says where the log of a task is, unless another CPU was quicker; NULL: that has been given back.
 * A slot that could not be deleted when its log went to another task is there still.
 */
static __always_inline struct task_log *put_slot(struct task_log *log, __u32 pid, __u32 slot)
{
	__u32 *there, before;
	struct task_log *other;

	if (!bpf_map_update_elem(&ktstr_slots, &pid, &slot, BPF_NOEXIST))
		return log;
	there = bpf_map_lookup_elem(&ktstr_slots, &pid);
	if (there) {
		before = *there;
		other = bpf_map_lookup_elem(&ktstr_tasks, &before);
		if (is_stale(other, pid) &&
		    __sync_val_compare_and_swap(there, before, slot) == before)
			return log;
	}
	log->pid = 0;
	return NULL;
}

/* The log at the slot for the task; NULL: it is not @before's any more, or the task has one. */
static __always_inline struct task_log *take_slot(struct recording_state *s, __u32 slot,
						  __u32 before, __u32 pid)
{
	struct task_log *log = bpf_map_lookup_elem(&ktstr_tasks, &slot);

	/* first: once the log is not its own any more @before may be given another, and its slot */
	if (before)
		bpf_map_delete_elem(&ktstr_slots, &before);
	if (!log || !take_log(log, before, pid))
		return NULL;
	if (before)
		__sync_fetch_and_add(&s->evicted, 1);
	return put_slot(log, pid, slot);
}

/* Where there is room, and whose that is; RECORDING_TASKS: nowhere. */
static __always_inline __u32 find_room(struct recording_state *s, __u32 *before)
{
	__u32 spare = RECORDING_TASKS, i;

	bpf_for(i, 0, ROOM_STEPS) {
		__u32 slot = __sync_fetch_and_add(&s->hand, 1) % RECORDING_TASKS;
		struct task_log *log = bpf_map_lookup_elem(&ktstr_tasks, &slot);
		__u32 pid = log ? log->pid : 0;
		enum room room = log ? room_in(log) : ROOM_NONE;

		if (room == ROOM_NONE || (room == ROOM_SPARE && spare < RECORDING_TASKS))
			continue;
		spare = slot;
		*before = pid;
		if (room == ROOM_FREE)
			break;
	}
	return spare;
}

/* A log for a task without one; NULL: there is no room. */
static struct task_log *new_log(struct recording_state *s, __u32 pid)
{
	__u32 i;

	bpf_for(i, 0, ROOM_TRIES) {
		__u32 before = 0, slot = find_room(s, &before);
		struct task_log *log;

		if (slot >= RECORDING_TASKS)
			return NULL;
		log = take_slot(s, slot, before, pid);
		/* another CPU may have taken it, or have one for this task */
		log = log ? log : known_log(pid);
		if (log)
			return log;
	}
	return NULL;
}

static struct task_log *log_of(struct recording_state *s, __u32 pid)
{
	struct task_log *log = pid ? known_log(pid) : NULL;

	if (log || !pid)
		return log;
	log = new_log(s, pid);
	if (!log)
		__sync_fetch_and_add(&s->dropped, 1);
	return log;
}

static __always_inline void name_log(struct task_log *log, const struct task_struct *p)
{
	log->kernel = !!(p->flags & PF_KTHREAD);
	bpf_probe_read_kernel_str(log->comm, sizeof(log->comm), p->comm);
}

static __always_inline void happen(struct task_log *log, const struct task_struct *p,
				   enum event_kind kind, __u32 other, __u64 value)
{
	/* two CPUs may write at once: one wakes the task while it leaves the other */
	__u32 number = __sync_fetch_and_add(&log->next, 1);
	struct task_event *event = &log->events[number % RECORDING_EVENTS];

	name_log(log, p);
	event->at_ns = bpf_ktime_get_ns();
	event->value = value;
	event->other = other;
	event->cpu = bpf_get_smp_processor_id();
	event->kind = kind;
	log->fresh = 1;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *p)
{
	struct recording_state *s = going_on();
	struct task_log *log = s ? log_of(s, p->pid) : NULL;

	if (log)
		happen(log, p, EVENT_WAKING, (__u32)bpf_get_current_pid_tgid(), 0);
	return 0;
}

/* It is runnable from here on, on whichever CPU's queue; at sched_waking it may not be for long. */
SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *p)
{
	struct recording_state *s = going_on();
	struct task_log *log = s ? log_of(s, p->pid) : NULL;

	if (!log)
		return 0;
	if (!log->next)
		name_log(log, p);
	becomes_runnable(log, p->on_cpu, bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_new, struct task_struct *p)
{
	struct recording_state *s = going_on();
	struct task_log *log = s ? log_of(s, p->pid) : NULL;

	if (!log)
		return 0;
	/* it may have the number of one that is no more */
	begin_log(log);
	happen(log, p, EVENT_NEW, (__u32)bpf_get_current_pid_tgid(), 0);
	becomes_runnable(log, p->on_cpu, bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	struct recording_state *s = going_on();
	bool runnable = is_runnable(prev, preempt, prev_state);
	struct task_log *log;

	if (!s)
		return 0;
	log = log_of(s, prev->pid);
	if (log) {
		happen(log, prev, EVENT_STOPS, next->pid, runnable ? EVENT_RUNNABLE : prev_state);
		loses_cpu(log, runnable, bpf_ktime_get_ns());
	}
	log = log_of(s, next->pid);
	if (log) {
		happen(log, next, EVENT_RUNS, prev->pid, 0);
		gets_cpu(log);
	}
	return 0;
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(on_migrate, struct task_struct *p, int dest_cpu)
{
	struct recording_state *s = going_on();
	struct task_log *log = s ? log_of(s, p->pid) : NULL;

	if (log)
		happen(log, p, EVENT_MIGRATES, dest_cpu,
		       BPF_CORE_READ((struct task_struct___placed *)p, thread_info.cpu));
	return 0;
}

struct looking {
	struct recording_state *state;
	__u64 now_ns;
};

static long look_at(void *map, __u32 *slot, struct task_log *log, struct looking *looking)
{
	if (!is_overdue(log, looking->state, looking->now_ns))
		return 0;
	looking->state->waited = log->pid;
	return 1;
}

/* Whether a task has waited for too long. */
static __always_inline bool waits_too_long(struct recording_state *s, __u64 now_ns)
{
	struct looking looking = {.state = s, .now_ns = now_ns};

	if (!s->waits_ns || now_ns < s->looked_ns + LOOK_NS)
		return false;
	s->looked_ns = now_ns;
	bpf_for_each_map_elem(&ktstr_tasks, look_at, &looking, 0);
	return s->waited;
}

#endif

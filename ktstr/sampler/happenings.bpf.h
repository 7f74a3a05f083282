/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of each task: its last events, and since when it waits for a CPU. */
#ifndef KTSTR_SAMPLER_HAPPENINGS_BPF_H
#define KTSTR_SAMPLER_HAPPENINGS_BPF_H

#include "ktstr/sampler/recorded.bpf.h"

#include <bpf/bpf_tracing.h>

/* how far looks at waiting tasks are apart */
#define LOOK_NS 10000000

static struct task_log *log_of(struct recording_state *s, __u32 pid)
{
	struct task_log *log = bpf_map_lookup_elem(&ktstr_tasks, &pid);

	if (log)
		return log;
	bpf_map_update_elem(&ktstr_tasks, &pid, &no_events, BPF_NOEXIST);
	log = bpf_map_lookup_elem(&ktstr_tasks, &pid);
	if (!log)
		__sync_fetch_and_add(&s->dropped, 1);
	return log;
}

static __always_inline struct task_log *happen(struct recording_state *s, __u64 task,
					       enum event_kind kind, __u32 other, __u64 value)
{
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);
	struct task_log *log = p->pid ? log_of(s, p->pid) : NULL;
	struct task_event *event;

	if (!log)
		return NULL;
	log->kernel = !!(p->flags & PF_KTHREAD);
	bpf_probe_read_kernel_str(log->comm, sizeof(log->comm), p->comm);
	event = &log->events[log->next % RECORDING_EVENTS];
	event->at_ns = bpf_ktime_get_ns();
	event->value = value;
	event->other = other;
	event->cpu = bpf_get_smp_processor_id();
	event->kind = kind;
	log->next++;
	return log;
}

static __always_inline void begin_wait(struct task_log *log)
{
	if (log && !log->waiting_since_ns)
		log->waiting_since_ns = bpf_ktime_get_ns();
}

static __always_inline void end_wait(struct task_log *log)
{
	if (log)
		log->waiting_since_ns = 0;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *p)
{
	struct recording_state *s = going_on();

	if (s)
		begin_wait(happen(s, (__u64)p, EVENT_WAKING, (__u32)bpf_get_current_pid_tgid(), 0));
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_new, struct task_struct *p)
{
	struct recording_state *s = going_on();

	if (s)
		begin_wait(happen(s, (__u64)p, EVENT_NEW, (__u32)bpf_get_current_pid_tgid(), 0));
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	struct recording_state *s = going_on();
	bool runnable = preempt || prev_state == TASK_RUNNING;
	__u64 value = runnable ? EVENT_RUNNABLE : prev_state;
	struct task_log *log;

	if (!s)
		return 0;
	log = happen(s, (__u64)prev, EVENT_STOPS, next->pid, value);
	end_wait(log);
	if (runnable)
		begin_wait(log);
	end_wait(happen(s, (__u64)next, EVENT_RUNS, prev->pid, 0));
	return 0;
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(on_migrate, struct task_struct *p, int dest_cpu)
{
	struct recording_state *s = going_on();

	if (s)
		happen(s, (__u64)p, EVENT_MIGRATES, dest_cpu,
		       BPF_CORE_READ((struct task_struct___placed *)p, thread_info.cpu));
	return 0;
}

struct looking {
	struct recording_state *state;
	__u64 now_ns;
};

/* Whether the names of tasks that are looked for begin so. */
static bool is_meant(const struct recording_state *s, const struct task_log *log)
{
	for (int i = 0; i < RECORDING_COMM && s->subject[i]; i++) {
		if (s->subject[i] != log->comm[i])
			return false;
	}
	return !log->kernel;
}

static long look_at(void *map, __u32 *pid, struct task_log *log, struct looking *looking)
{
	struct recording_state *s = looking->state;
	__u64 since_ns = log->waiting_since_ns;

	if (!since_ns || looking->now_ns < since_ns + s->waits_ns || !is_meant(s, log))
		return 0;
	s->waited = *pid;
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

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measures tasks of chosen cgroups at the scheduler's own tracepoints, whatever class they are in.
 */
#include "ktstr/sampler/kernel.bpf.h"

#include <bpf/bpf_tracing.h>

#include "ktstr/sampler/samples.h"

#define MAX_TRIES 4

char _license[] SEC("license") = "GPL";

/* Times of a task; 0: not so. */
struct life {
	__u64 woken_ns;
	__u64 runnable_ns;
	__u64 off_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct life);
} lives SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SAMPLE_MAX_KEYS);
	__type(key, struct sample_key);
	__type(value, struct sample);
} samples SEC(".maps");

/* The cgroups that are measured, by inode number. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SAMPLE_MAX_CGROUPS);
	__type(key, __u64);
	__type(value, __u8);
} cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sample_control);
} control SEC(".maps");

/* What a new key begins with: too large for the stack. */
static struct sample nothing;

static struct sample_control *controls(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&control, &only);
}

static void drop(void)
{
	struct sample_control *c = controls();

	if (c)
		__sync_fetch_and_add(&c->dropped, 1);
}

/* The inode number of the task's cgroup; 0 if it is not measured. */
static __u64 measured_cgroup(struct task_struct *p)
{
	__u64 id;

	if (p->flags & PF_KTHREAD)
		return 0;
	id = p->cgroups->dfl_cgrp->kn->id;
	return bpf_map_lookup_elem(&cgroups, &id) ? id : 0;
}

static struct sample *sample_of(struct task_struct *p, __u64 cgroup)
{
	struct sample_control *c = controls();
	struct sample_key key = {.cgroup = cgroup};
	struct sample *found;

	if (!c)
		return NULL;
	key.phase = c->phase;
	if (p->group_leader->real_parent->tgid == c->parent)
		key.pid = p->pid;
	found = bpf_map_lookup_elem(&samples, &key);
	if (found)
		return found;
	bpf_map_update_elem(&samples, &key, &nothing, BPF_NOEXIST);
	found = bpf_map_lookup_elem(&samples, &key);
	if (!found)
		drop();
	return found;
}

static __u32 log2_of(__u64 value)
{
	__u32 shift = 0;

	for (__u32 half = 32; half; half >>= 1) {
		if (value >> half) {
			value >>= half;
			shift += half;
		}
	}
	return shift;
}

static __u32 bucket_of(__u64 value)
{
	__u32 shift;

	if (value < SAMPLE_SUBS)
		return value;
	shift = log2_of(value) - SAMPLE_SUB_BITS;
	return (shift + 1) * SAMPLE_SUBS + (value >> shift) - SAMPLE_SUBS;
}

/* Tasks without a key of their own share one: others may add to it at the same time. */
static void raise_to(__u64 *maximum, __u64 value)
{
	for (int i = 0; i < MAX_TRIES; i++) {
		__u64 seen = *maximum;

		if (value <= seen || __sync_val_compare_and_swap(maximum, seen, value) == seen)
			return;
	}
}

static void add(struct sample *sample, enum sample_kind kind, __u64 since_ns, __u64 now_ns)
{
	struct sample_histogram *h = &sample->kinds[kind];
	__u64 value = now_ns > since_ns ? now_ns - since_ns : 0;
	__u32 bucket = bucket_of(value);

	if (!since_ns || bucket >= SAMPLE_BUCKETS)
		return;
	__sync_fetch_and_add(&h->buckets[bucket], 1);
	__sync_fetch_and_add(&h->count, 1);
	__sync_fetch_and_add(&h->total, value);
	raise_to(&h->maximum, value);
}

static struct life *life_of(struct task_struct *p)
{
	struct life *life = bpf_task_storage_get(&lives, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!life)
		drop();
	return life;
}

static int woken(struct task_struct *p)
{
	struct life *life;

	if (!measured_cgroup(p))
		return 0;
	life = life_of(p);
	if (life)
		life->woken_ns = life->runnable_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *p)
{
	return woken(p);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct *p)
{
	return woken(p);
}

static void lost_cpu(struct task_struct *p, bool runnable, __u64 now_ns)
{
	struct life *life;

	if (!measured_cgroup(p))
		return;
	life = life_of(p);
	if (!life)
		return;
	/* a wake-up that came before the task had left its CPU made nobody wait */
	life->woken_ns = 0;
	life->runnable_ns = runnable ? now_ns : 0;
	life->off_ns = now_ns;
}

static void got_cpu(struct task_struct *p, __u64 now_ns)
{
	__u64 cgroup = measured_cgroup(p);
	struct sample *sample;
	struct life *life;

	if (!cgroup)
		return;
	sample = sample_of(p, cgroup);
	life = bpf_task_storage_get(&lives, p, NULL, 0);
	if (!sample)
		return;
	__sync_fetch_and_add(&sample->switches, 1);
	if (!life)
		return;
	add(sample, SAMPLE_WAKE, life->woken_ns, now_ns);
	add(sample, SAMPLE_RUN_DELAY, life->runnable_ns, now_ns);
	add(sample, SAMPLE_OFF_CPU, life->off_ns, now_ns);
	life->woken_ns = life->runnable_ns = life->off_ns = 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	__u64 now_ns = bpf_ktime_get_ns();

	lost_cpu(prev, is_runnable(prev, preempt, prev_state), now_ns);
	got_cpu(next, now_ns);
	return 0;
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(on_migrate, struct task_struct *p, int dest_cpu)
{
	__u64 cgroup = measured_cgroup(p);
	struct sample *sample = cgroup ? sample_of(p, cgroup) : NULL;

	if (sample)
		__sync_fetch_and_add(&sample->migrations, 1);
	return 0;
}

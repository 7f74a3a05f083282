/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs read of the kernel's structures (kernel/sched/sched.h, 6.12 to 7.2): the few
 * members alone; CO-RE finds their places in the running kernel, so that one object serves them
 * all.
 */
#ifndef KTSTR_SAMPLER_KERNEL_BPF_H
#define KTSTR_SAMPLER_KERNEL_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "ktstr/sampler/looks.h"

#define CLOCK_MONOTONIC 1
#define PF_KTHREAD 0x00200000
#define TASK_RUNNING 0
#define TASK_ON_RQ_QUEUED 1

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
	/* of a byte each in 7.2: libbpf fits the size of numbers that both take as unsigned */
	unsigned int on_cpu;
	unsigned int on_rq;
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

struct sched_info {
	unsigned long long run_delay;
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
	struct sched_info rq_sched_info;
	int online;
} FROM_KERNEL;

/*
 * Whether a task that loses its CPU wants it still.  6.12 tells the state that it had on the way to
 * sleep even of one that a signal keeps from it.
 */
static __always_inline bool is_runnable(const struct task_struct *prev, bool preempt,
					unsigned int told)
{
	return preempt || told == TASK_RUNNING || prev->__state == TASK_RUNNING;
}

enum scx_rq_flags {
	SCX_RQ_BYPASSING = 1 << 4,
};

extern struct rq runqueues __ksym;

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Where the recorder keeps what it records: maps that can be read of a guest that has died. */
#ifndef KTSTR_SAMPLER_RECORDED_BPF_H
#define KTSTR_SAMPLER_RECORDED_BPF_H

#include "ktstr/sampler/kernel.bpf.h"

#include "ktstr/sampler/recording.h"

struct scx_dispatch_q {
	__u32 nr;
	__u64 id;
} FROM_KERNEL;

struct thread_info {
	__u32 cpu;
} FROM_KERNEL;

struct task_struct___placed {
	struct thread_info thread_info;
} FROM_KERNEL;

struct pt_regs {
	unsigned long di, si, dx, cx, r8, r9, ax;
} FROM_KERNEL;

/* Host and user space know the maps by their names, and user space ends the recording in this. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct recording_state);
} ktstr_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RECORDING_TARGETS);
	__type(key, __u32);
	__type(value, struct target);
} ktstr_targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RECORDING_RECORDS);
	__type(key, __u32);
	__type(value, struct record);
} ktstr_records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RECORDING_STACKS);
	__type(key, __u32);
	__type(value, struct recorded_stack);
} ktstr_stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RECORDING_TASKS);
	__type(key, __u32);
	__type(value, struct task_log);
} ktstr_tasks SEC(".maps");

/* Where the log of a task is, by pid: no LRU map, which would let those go that wait for long. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * RECORDING_TASKS);
	__type(key, __u32);
	__type(value, __u32);
} ktstr_slots SEC(".maps");

/* NULL once the recording has ended. */
static __always_inline struct recording_state *going_on(void)
{
	__u32 only = 0;
	struct recording_state *s = bpf_map_lookup_elem(&ktstr_state, &only);

	return s && !s->ended ? s : NULL;
}

#endif

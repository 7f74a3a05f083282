/* SPDX-License-Identifier: GPL-2.0 */
/* What the witness keeps from look to look, and of the look that it takes. */
#ifndef KTSTR_SAMPLER_STATE_BPF_H
#define KTSTR_SAMPLER_STATE_BPF_H

#include "ktstr/sampler/kernel.bpf.h"

#define BITS 64
#define MAX_WORDS (WITNESS_MAX_CPUS / BITS)
#define MAX_WAITS 4096

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

/* Who waited when, by thread.  In a long step come more threads than it holds: old ones go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
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

/*
 * CPUs that have been idle from the last look to this one; those of them that somebody waits for at
 * it, and waited for at the one before; and those that were wasted all the time between.
 */
static __u64 idle_cpus[MAX_WORDS];
static __u64 wanted_cpus[MAX_WORDS];
static __u64 wanted_before[MAX_WORDS];
static __u64 wasted_cpus[MAX_WORDS];

/* The look that is being taken: there is only one at a time.  Not static, or clang splits it. */
struct {
	__u64 now_ns;
	__u64 span_ns; /* since the look before; 0: nothing is claimed for it */
	__u32 phase;   /* user space may go on to the next meanwhile */
	__u32 queued;
	__u32 busy;
	__u32 idle;	 /* CPUs that were so since the look before */
	__u64 delay_ns;	 /* how long all tasks had waited that have had a turn, at it */
	__u64 waited_ns; /* and since the look before */
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

#endif

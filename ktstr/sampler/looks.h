/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the witness's BPF programs and its user space share.  Times are in nanoseconds. */
#ifndef KTSTR_SAMPLER_LOOKS_H
#define KTSTR_SAMPLER_LOOKS_H

#include <linux/types.h>

#define WITNESS_MAX_CPUS 1024
#define WITNESS_MAX_CGROUPS 4096
#define WITNESS_MAX_RAN 8192
#define WITNESS_MAX_CELLS 16384
#define WITNESS_COMM 16

/* A task's class, from the highest to the lowest; the kernel keeps them in this order, too. */
enum witness_class {
	CLASS_STOP,
	CLASS_DEADLINE,
	CLASS_REALTIME,
	CLASS_FAIR,
	CLASS_EXT,
	CLASS_BYPASS, /* ext while the kernel, not the BPF scheduler, decides */
	CLASS_IDLE,
	CLASSES,
};

/* What user space says. */
struct witness_control {
	__u32 phase;	  /* as user space numbers them, and 1 more: 0 is none */
	__u32 parents[2]; /* whose children are counted one by one */
	__u32 armed;
	__u64 period_ns;
	__u64 hold_ns; /* the shortest hold that is reported */
};

/* What the programs say. */
struct witness_account {
	__u64 looks;
	__u64 late;
	__u64 dropped; /* counts and holds that found no room */
	__u64 cost_ns;
	__u64 last_ns; /* the last look */
};

struct witness_shared {
	struct witness_control control;
	struct witness_account account;
};

/* Whose samples, and of which phase; pid 0: all tasks of the cgroup that are nobody's children. */
struct witness_ran_key {
	__u64 cgroup; /* inode number of its directory */
	__u32 pid;
	__u32 phase;
};

struct witness_ran {
	__u32 samples[CLASSES];
};

struct witness_cell_key {
	__u32 phase;
	__u32 cpu;
};

/* What a CPU did not do in a phase: see ktstr/model/wire/witness.py, CpuIdleness. */
struct witness_cell {
	__u64 idle_ns;
	__u64 wasted_ns;
	__u64 longest_ns;
	__u64 longest_ended_ns;
	__u32 waiting_pid;
	char waiting_comm[WITNESS_COMM];
};

struct witness_hold {
	__u64 started_ns;
	__u64 ended_ns;
	__u32 cpu;
	__u32 pid;
	__u32 class; /* enum witness_class */
	char comm[WITNESS_COMM];
};

/* What the last look saw of a CPU. */
struct witness_cpu {
	struct witness_hold hold; /* that lasts; started_ns is 0 if none does */
	__u64 hold_ran_ns;	  /* CPU time of its task when it began */
	__u64 switches;
	__u64 stretch_ns;   /* how long it has been idle while somebody waited */
	__u64 stretch_look; /* the look that added to it last */
	__u32 idle;	    /* it was */
	__u32 phase;	    /* that has a cell for it */
	__u32 waiting_pid;
	char waiting_comm[WITNESS_COMM];
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the sampler's BPF programs and its user space share. */
#ifndef KTSTR_SAMPLER_SAMPLES_H
#define KTSTR_SAMPLER_SAMPLES_H

#include <linux/types.h>

/* The bucketing of ktstr/model/histogram.py: exact below 16, then 16 for each power of two. */
#define SAMPLE_SUB_BITS 4
#define SAMPLE_SUBS (1u << SAMPLE_SUB_BITS)
#define SAMPLE_BUCKETS ((64 - SAMPLE_SUB_BITS + 1) * SAMPLE_SUBS)

#define SAMPLE_MAX_KEYS 8192
#define SAMPLE_MAX_CGROUPS 4096

enum sample_kind {
	SAMPLE_WAKE,
	SAMPLE_RUN_DELAY,
	SAMPLE_OFF_CPU,
	SAMPLE_KINDS,
};

/* Whose sample, and of which phase; pid 0: all tasks of the cgroup that are nobody's children. */
struct sample_key {
	__u64 cgroup; /* inode number of its directory */
	__u32 pid;
	__u32 phase;
};

/* Nanoseconds. */
struct sample_histogram {
	__u64 count;
	__u64 total;
	__u64 maximum;
	__u32 buckets[SAMPLE_BUCKETS];
};

struct sample {
	__u64 switches;
	__u64 migrations;
	struct sample_histogram kinds[SAMPLE_KINDS];
};

/* The only element of the map `control`. */
struct sample_control {
	__u32 phase;
	__u32 parent;  /* whose children are counted one by one */
	__u64 dropped; /* events that found no room */
};

#endif

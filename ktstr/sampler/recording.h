/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the recorder's BPF programs, its user space and the host share: the host reads the same
 * bytes (ktstr/introspect/recorder/layout.py), from what the agent sends or from the guest's
 * memory.
 */
#ifndef KTSTR_SAMPLER_RECORDING_H
#define KTSTR_SAMPLER_RECORDING_H

#include <linux/types.h>

#define RECORDING_MAGIC 0x4352544bu
#define RECORDING_VERSION 2

#define RECORDING_TARGETS 160 /* functions and callbacks */
#define RECORDING_RECORDS 4096
#define RECORDING_STACKS 16
#define RECORDING_FRAMES 64
#define RECORDING_TASKS 1024
#define RECORDING_EVENTS 32 /* of each task */
#define RECORDING_READS 40
#define RECORDING_OFFSETS 3
#define RECORDING_NAME 64
#define RECORDING_COMM 16
#define RECORDING_DATA 384   /* bytes of what a record has read */
#define RECORDING_LONGEST 64 /* of one read */
#define RECORDING_ARGUMENTS 6
#define RECORDING_RESULT 6 /* the number of what a function returns, among its arguments */
#define RECORDING_NONE 0xff

enum target_flags {
	TARGET_OP = 1 << 0,   /* a callback, whose only argument points to its arguments */
	TARGET_ENDS = 1 << 1, /* nothing is recorded after its entry */
	TARGET_TICK = 1 << 2, /* so it is where a task has waited for a CPU for too long */
};

enum target_how {
	HOW_NOT,
	HOW_FENTRY,
	HOW_KPROBE,
};

/* Bytes to copy: `argument` and the offsets as in ktstr/introspect/plugin/watch.py, Read. */
struct target_read {
	__u8 argument;
	__u8 offsets;
	__u16 size;
	__s32 offset[RECORDING_OFFSETS];
};

/*
 * A function or a callback.  An entry has what `arguments` and `fields` read, a return what
 * `results` and `fields` do; they lie in this order.
 */
struct target {
	char name[RECORDING_NAME];    /* of the function, or the callback */
	char program[RECORDING_NAME]; /* of a callback that there is; user space says */
	__u32 flags;
	__u32 place; /* the function's number in the kernel's BTF, or the callback's offset in ops
		      */
	__u8 arguments;
	__u8 fields;
	__u8 results;
	__u8 end;	 /* TARGET_ENDS: the argument that is to be */
	__u32 end_least; /* so much; RECORDING_NONE: any call ends it */
	__u8 task;	 /* the argument that is a task, RECORDING_NONE for none */
	__u8 queue;	 /* the argument that is the dispatch queue it goes into */
	__u8 how;	 /* enum target_how; user space says */
	__u8 how_return;
	__s32 error;  /* why it is not watched at its entry */
	__u32 missed; /* entries that were not recorded, though it is; user space says at the end */
	__u32 missed_returns;
	struct target_read reads[RECORDING_READS];
};

/* The file that the host makes; targets follow it. */
struct recording_plan {
	__u32 magic;
	__u32 version;
	__u32 targets;
	__u32 ops_type; /* of the value of a map of ops, in the kernel's BTF; 0: no sched_ext */
	__u64 waits_ns; /* how long a task may wait for a CPU; 0: as long as it likes */
	char subject[RECORDING_COMM]; /* how the names of these tasks begin */
	__u32 kernel;		      /* whether they are kernel threads, and not others */
	__u32 unused;
};

#define RECORDING_TOLD (~0ull) /* user space has ended it, to tell what there is */

struct recording_state {
	__u64 taken;   /* records so far; the last RECORDING_RECORDS are there */
	__u64 ended;   /* the record after which there is none; 0: it goes on; or RECORDING_TOLD */
	__u64 dropped; /* events of tasks that found no room */
	__u64 evicted; /* logs that others got */
	/* what programs missed that stand at more than one target, and those at events; user space
	 * says at the end */
	__u64 missed;
	__u64 missed_returns;
	__u64 missed_events;
	__u64 waits_ns;
	__u64 looked_ns; /* when it was looked for tasks that wait */
	char subject[RECORDING_COMM];
	__u32 kernel;
	__u32 waited; /* the task for which the recording has ended, 0: for none */
	__u32 stacks;
	__u32 hand; /* where it is looked for room next */
};

struct record {
	__u64 ticket; /* from 1 on; 0 while it is written */
	__u64 at_ns;  /* CLOCK_MONOTONIC */
	__u64 result;
	__u32 target;
	__u32 pid; /* who ran */
	__u32 cpu;
	__u32 stack;   /* its number, from 1 on; 0: none was taken */
	__u32 returns; /* or enters */
	__u32 size;    /* of data */
	char comm[RECORDING_COMM];
	__u8 data[RECORDING_DATA + RECORDING_LONGEST];
};

struct recorded_stack {
	__u64 frames;
	__u64 addresses[RECORDING_FRAMES];
};

enum event_kind {
	EVENT_NONE,
	EVENT_WAKING,	/* other: by whom */
	EVENT_NEW,	/* other: whose child */
	EVENT_STOPS,	/* other: who follows; value: its state, or EVENT_RUNNABLE */
	EVENT_RUNS,	/* other: who ran before */
	EVENT_MIGRATES, /* other: to which CPU; value: from which */
	EVENT_QUEUED,	/* other: how many are in the queue before; value: its id */
};

#define EVENT_RUNNABLE (1ull << 32)

struct task_event {
	__u64 at_ns;
	__u64 value;
	__u32 other;
	__u16 cpu;
	__u16 kind;
};

/* The last of a task, in a ring. */
struct task_log {
	__u64 waiting_since_ns; /* 0: it does not wait for a CPU */
	__u32 next;		/* how many there have been */
	__u32 pid;		/* 0: it is nobody's */
	__u8 kernel;		/* whether it is a kernel thread */
	__u8 fresh;		/* something has happened since it was looked for room */
	__u8 unused[6];
	char comm[RECORDING_COMM];
	struct task_event events[RECORDING_EVENTS];
};

#endif

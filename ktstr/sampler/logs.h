/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * When a task waits for a CPU, and whose log may go for another's.  No map is needed for it:
 * tests/introspect/recorder/logs_test.py asks the same functions.
 */
#ifndef KTSTR_SAMPLER_LOGS_H
#define KTSTR_SAMPLER_LOGS_H

#include <stdbool.h>

#include "ktstr/sampler/recording.h"

#define LOGS_INLINE static inline __attribute__((always_inline))

/*
 * It has become runnable.  One that has a CPU does not wait for any: it was about to sleep, and
 * goes on instead.
 */
LOGS_INLINE void becomes_runnable(struct task_log *log, bool on_cpu, __u64 now_ns)
{
	if (!on_cpu && !log->waiting_since_ns)
		log->waiting_since_ns = now_ns;
}

LOGS_INLINE void gets_cpu(struct task_log *log)
{
	log->waiting_since_ns = 0;
}

LOGS_INLINE void loses_cpu(struct task_log *log, bool runnable, __u64 now_ns)
{
	log->waiting_since_ns = runnable ? now_ns : 0;
}

/* Whether it is one of the tasks that are waited for, and waits for too long. */
LOGS_INLINE bool is_overdue(const struct task_log *log, const struct recording_state *s,
			    __u64 now_ns)
{
	/* once: it may get its CPU meanwhile */
	__u64 since_ns = *(const volatile __u64 *)&log->waiting_since_ns;

	if (!log->pid || !since_ns || now_ns < since_ns + s->waits_ns)
		return false;
	for (int i = 0; i < RECORDING_COMM && s->subject[i]; i++) {
		if (s->subject[i] != log->comm[i])
			return false;
	}
	return log->kernel == s->kernel;
}

enum room {
	ROOM_NONE,  /* its task waits: nothing happens to it, and it is what a stall is about */
	ROOM_SPARE, /* something has happened to its task lately */
	ROOM_FREE,  /* it is nobody's, or nothing has happened since it was asked last */
};

/* Whether another task may have the log, asked at each round over all of them. */
LOGS_INLINE enum room room_in(struct task_log *log)
{
	bool fresh = log->fresh;

	log->fresh = 0;
	if (log->waiting_since_ns)
		return ROOM_NONE;
	return log->pid && fresh ? ROOM_SPARE : ROOM_FREE;
}

/* Nothing has become of its task so far. */
LOGS_INLINE void begin_log(struct task_log *log)
{
	log->waiting_since_ns = 0;
	log->next = 0;
}

/* Gives it to @pid, if nobody is quicker; @before: who has it. */
LOGS_INLINE bool take_log(struct task_log *log, __u32 before, __u32 pid)
{
	if (__sync_val_compare_and_swap(&log->pid, before, pid) != before)
		return false;
	begin_log(log);
	return true;
}

/* Whether the log that a task is said to have is another's by now. */
LOGS_INLINE bool is_stale(const struct task_log *log, __u32 pid)
{
	return !log || log->pid != pid;
}

#endif

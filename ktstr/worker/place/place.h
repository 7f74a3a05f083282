/* SPDX-License-Identifier: Apache-2.0 */
/* Making a worker what it was asked to be, and what older headers lack for that. */
#ifndef KTSTR_WORKER_PLACE_H
#define KTSTR_WORKER_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif
#ifndef SCHED_EXT
#define SCHED_EXT 7
#endif
/* include/uapi/linux/mempolicy.h, since 6.9 */
#define MPOL_WEIGHTED_INTERLEAVE 6

struct worker;

/* memory.c: sets the memory policy; appends the one in force to @out. */
void place_memory(struct worker *w, char *out, size_t size);

/* identity.c: sets uid and gid; appends those in force to @out. */
void place_identity(struct worker *w, char *out, size_t size);

/* Asks for a policy; @times_us: runtime, deadline and period of a deadline task. */
void place_policy(struct worker *w, int policy, int64_t rt_priority, int64_t nice,
		  const int64_t *times_us);

/* A list of what @has says yes to below @limit: 0-3,5. */
void place_format_list(char *out, size_t size, const void *set, int limit,
		       bool (*has)(const void *set, int value));

const char *options_memory_mode(int mode);
const char *options_memory_flags(int mode, char *out, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The program of a task of an rt-app workload: phases of events; types/rt_app.c has the words. */
#ifndef KTSTR_WORKER_RT_PROGRAM_H
#define KTSTR_WORKER_RT_PROGRAM_H

#include "worker.h"

struct rt_event {
	const struct rt_op *op;
	const char *text; /* behind the first colon; up to a comma */
	int64_t a, b, c;  /* the same as numbers; what is none is 0 */
};

/* What an event does.  @sets: what the phase sets, once when it begins. */
struct rt_op {
	const char *name;
	void (*play)(struct worker *w, const struct rt_event *event);
	bool sets;
};

/* @loop: so many times, -1: for ever. */
struct rt_phase {
	int64_t loop;
	size_t first, end; /* its events */
};

struct rt_program {
	int64_t delay_us, loop;
	struct rt_event *events;
	size_t event_count;
	struct rt_phase *phases;
	size_t phase_count;
};

/* Reads words `task`, `phase` and those of @ops; a negative errno if that cannot be done. */
int rt_program_read(struct rt_program *program, const char *text, const struct rt_op *ops,
		    size_t count);

#endif

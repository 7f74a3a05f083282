/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a work type says what it is.  One file each in types/:
 *
 *	PARAMS(hold, spin);
 *
 *	static void step(struct worker *w) { loop_spin(w, (uint64_t)PARAM(w, spin)); }
 *
 *	WORK_TYPE(Example, .params = PARAM_NAMES, .group_size = 1, .step = step);
 *
 * It and its parameters are called as its class in ktstr/model/work is, and there are the bounds
 * and the defaults of these: a worker gets all of them, and refuses others.
 */
#ifndef KTSTR_WORKER_WORK_TYPE_H
#define KTSTR_WORKER_WORK_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define WORKER_MAX_PARAMS 16

struct worker;

/* @step is one outer iteration; it must return soon after a stop. */
struct work_type {
	const char *name;
	const char *params; /* PARAM_NAMES: numbers */
	const char *texts;  /* parameters that are no numbers, see params_text(); as a list, too */
	bool any_params;    /* beside those that it names: see custom.h */
	unsigned int group_size;	  /* 0: its parameters say, and the agent counts */
	int (*prepare)(struct worker *w); /* optional; a negative errno ends the worker */
	void (*step)(struct worker *w);
	void (*finish)(struct worker *w); /* optional; also called if it could not be prepared */
	void (*report)(const struct worker *w,
		       FILE *out); /* optional: "name":number,... of its own */
};

/* The types find each other in this section of the program: types.c. */
#define WORK_TYPE_SECTION "ktstr_work_types"

#define WORK_TYPE(type, ...)                                                                       \
	static const struct work_type work_type_##type = {.name = #type, __VA_ARGS__};             \
	static const struct work_type *const registered_##type                                     \
		__attribute__((used, section(WORK_TYPE_SECTION))) = &work_type_##type

/* The numbers that the types of this file take, of which PARAM(w, name) is this worker's. */
#define PARAMS(...)                                                                                \
	struct params {                                                                            \
		int64_t __VA_ARGS__;                                                               \
	};                                                                                         \
	static const char PARAM_NAMES[] = #__VA_ARGS__;                                            \
	_Static_assert(sizeof(struct params) <= WORKER_MAX_PARAMS * sizeof(int64_t),               \
		       "more parameters than a worker has room for")

#define PARAM(w, name) (((const struct params *)(w)->params)->name)

#endif

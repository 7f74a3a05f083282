/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A work type of one's own: the C source of a `ktstr_worker` target.  It is linked with the rest of
 * ktstr-worker, which starts, places, measures and stops it like any other, and defines
 *
 *	static void step(struct worker *w) { loop_spin(w, custom_param(w, "spin", 1024)); }
 *	KTSTR_CUSTOM_WORK(.step = step);
 *
 * Parameters that a test must give may also be named as those of other types are: work_type.h.
 * worker.h has what a step may call; docs/workloads.md says how to use it.
 */
#ifndef KTSTR_WORKER_CUSTOM_H
#define KTSTR_WORKER_CUSTOM_H

#include "steps/team.h"
#include "worker.h"

#define KTSTR_CUSTOM_WORK(...) WORK_TYPE(CustomWork, .any_params = true, __VA_ARGS__)

/* The parameter @name of the test's CustomWork, or @otherwise. */
int64_t custom_param(const struct worker *w, const char *name, int64_t otherwise);

#endif

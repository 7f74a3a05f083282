// SPDX-License-Identifier: Apache-2.0
/*
 * NumaMigrationChurn: has the kernel move region_kb of memory to the next NUMA node it may use
 * (mbind with MPOL_MF_MOVE), then goes through it line by line.  It stresses page migration, whose
 * time is the kernel's.  There is no wake latency.
 */
#include "steps/memory.h"
#include "steps/numa.h"

#define LINE 64

PARAMS(region_kb);

static int prepare(struct worker *w)
{
	int error = numa_need_two(w);

	w->node = -1;
	return error ? error : memory_map(w, PARAM(w, region_kb));
}

static void step(struct worker *w)
{
	w->node = numa_next_node(w, w->node);
	if (w->node < 0 || !numa_bind(w, w->memory, w->memory_size, w->node)) {
		w->finished = true;
		return;
	}
	loop_tick(w);
	memory_pass(w, LINE);
}

WORK_TYPE(NumaMigrationChurn, .params = PARAM_NAMES, .group_size = 1, .prepare = prepare,
	  .step = step);

// SPDX-License-Identifier: Apache-2.0
/*
 * CacheYield: goes through its memory like CachePressure and yields after each pass, so that
 * whoever runs in between finds, and leaves, other things in the caches.  There is no wake latency.
 */
#include "steps/memory.h"

PARAMS(size_kb, stride);

static int prepare(struct worker *w)
{
	return memory_map(w, PARAM(w, size_kb));
}

static void step(struct worker *w)
{
	memory_pass(w, (uint64_t)PARAM(w, stride));
	sched_yield();
	loop_tick(w);
}

WORK_TYPE(CacheYield, .params = PARAM_NAMES, .group_size = 1, .prepare = prepare, .step = step);

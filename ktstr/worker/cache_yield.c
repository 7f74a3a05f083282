// SPDX-License-Identifier: Apache-2.0
/*
 * CacheYield: goes through its memory like CachePressure and yields after each pass, so that
 * whoever runs in between finds, and leaves, other things in the caches.  There is no wake latency.
 */
#include "memory.h"

static void step(struct worker *w)
{
	memory_pass(w, (uint64_t)w->opt.stride);
	sched_yield();
	loop_tick(w);
}

const struct work_type cache_yield = {
	.name = "CacheYield", .group_size = 1, .prepare = memory_prepare, .step = step};

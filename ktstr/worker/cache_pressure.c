// SPDX-License-Identifier: Apache-2.0
/*
 * CachePressure: reads, changes and writes every `stride`-th byte of size_kb of memory of its own,
 * again and again.  It stresses caches, and shows in its work rate what migrations cost.  It never
 * blocks, so there is no wake latency.
 */
#include "memory.h"

static void step(struct worker *w)
{
	memory_pass(w, (uint64_t)w->opt.stride);
}

const struct work_type cache_pressure = {
	.name = "CachePressure", .group_size = 1, .prepare = memory_prepare, .step = step};

// SPDX-License-Identifier: Apache-2.0
/*
 * CachePressure: reads, changes and writes every `stride`-th byte of size_kb of memory of its own,
 * again and again.  It stresses caches, and shows in its work rate what migrations cost.  It never
 * blocks, so there is no wake latency.
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
}

WORK_TYPE(CachePressure, .params = PARAM_NAMES, .group_size = 1, .prepare = prepare, .step = step);

// SPDX-License-Identifier: Apache-2.0
/*
 * CachePipe: a pair like PipeIo, whose workers go through size_kb of memory of their own, `spin`
 * lines of 64 bytes each turn.  It shows what it costs to wake a task away from its cache.  Its
 * wake latency is that of PipeIo.
 */
#include "memory.h"
#include "pipes.h"

#define LINE 64

static void burst(struct worker *w)
{
	memory_walk(w, (uint64_t)w->opt.spin, LINE);
}

static void step(struct worker *w)
{
	pipes_turn(w, burst);
}

const struct work_type cache_pipe = {
	.name = "CachePipe", .group_size = 2, .prepare = memory_prepare, .step = step};

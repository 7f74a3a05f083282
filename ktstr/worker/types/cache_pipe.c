// SPDX-License-Identifier: Apache-2.0
/*
 * CachePipe: a pair like PipeIo, whose workers go through size_kb of memory of their own, `spin`
 * lines of 64 bytes each turn.  It shows what it costs to wake a task away from its cache.  Its
 * wake latency is that of PipeIo.
 */
#include "steps/memory.h"
#include "steps/pipes.h"

#define LINE 64

PARAMS(size_kb, spin);

static int prepare(struct worker *w)
{
	return memory_map(w, PARAM(w, size_kb));
}

static void burst(struct worker *w)
{
	memory_walk(w, (uint64_t)PARAM(w, spin), LINE);
}

static void step(struct worker *w)
{
	pipes_turn(w, burst);
}

WORK_TYPE(CachePipe, .params = PARAM_NAMES, .group_size = 2, .prepare = prepare, .step = step);

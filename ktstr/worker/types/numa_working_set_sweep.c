// SPDX-License-Identifier: Apache-2.0
/*
 * NumaWorkingSetSweep: has region_kb of memory on each NUMA node it may use, and goes through one
 * after the other, so that its memory is now near and now far.  It stresses schedulers that follow
 * a task's memory.  There is no wake latency.
 */
#include <errno.h>
#include <sys/mman.h>

#include "steps/memory.h"
#include "steps/numa.h"

#define LINE 64

PARAMS(region_kb);

/* A region of each node, one after the other, of which memory_pass() sees one at a time. */
static int prepare(struct worker *w)
{
	int error = numa_need_two(w), first = numa_next_node(w, -1), node = first, count = 0;
	size_t size = (size_t)PARAM(w, region_kb) * 1024;
	char *all;

	if (error)
		return error;
	do {
		count++;
		node = numa_next_node(w, node);
	} while (node != first);
	all = mmap(NULL, size * (size_t)count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	if (all == MAP_FAILED)
		return -errno;
	for (int i = 0; i < count; i++, node = numa_next_node(w, node)) {
		if (!numa_bind(w, all + size * (size_t)i, size, node))
			return -EIO;
		memory_touch(all + size * (size_t)i, size);
	}
	w->own = all;
	w->node = count;
	w->memory_size = size;
	return 0;
}

static void step(struct worker *w)
{
	for (int i = 0; i < w->node && !loop_stopped(w); i++) {
		w->memory = (char *)w->own + w->memory_size * (size_t)i;
		memory_pass(w, LINE);
	}
}

WORK_TYPE(NumaWorkingSetSweep, .params = PARAM_NAMES, .group_size = 1, .prepare = prepare,
	  .step = step);

// SPDX-License-Identifier: Apache-2.0
/*
 * PageFaultChurn: touches `touches` random pages of region_kb, each one a work unit and at first a
 * page fault, gives all of them back to the kernel, and spins.  It stresses tasks whose time is the
 * kernel's, and, as threads, the lock of a shared address space.  There is no wake latency.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "steps/memory.h"
#include "steps/random.h"

#define TOUCHES 16

PARAMS(region_kb, touches, spin);

static int prepare(struct worker *w)
{
	int error = memory_reserve(w, PARAM(w, region_kb));

	if (!error && madvise(w->memory, w->memory_size, MADV_NOHUGEPAGE) < 0 && errno != EINVAL)
		return -errno; /* EINVAL: this kernel has no huge pages */
	return error;
}

static void step(struct worker *w)
{
	uint64_t pages = w->memory_size / MEMORY_PAGE;

	for (int64_t i = 0; i < PARAM(w, touches) && !loop_stopped(w); i++) {
		((volatile char *)w->memory)[random_next(w) % pages * MEMORY_PAGE] = 1;
		w->m.work_units++;
		if (i % TOUCHES == 0)
			loop_tick(w);
	}
	if (madvise(w->memory, w->memory_size, MADV_DONTNEED) < 0) {
		worker_error(w, "cannot give memory back: %s", strerror(errno));
		w->finished = true;
		return;
	}
	loop_tick(w);
	loop_spin(w, (uint64_t)PARAM(w, spin));
}

WORK_TYPE(PageFaultChurn, .params = PARAM_NAMES, .group_size = 1, .prepare = prepare, .step = step);

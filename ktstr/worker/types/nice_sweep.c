// SPDX-License-Identifier: Apache-2.0
/*
 * NiceSweep: spins 512 at every nice value from the work's own to 19 in turn, and yields between.
 * It stresses reweighting of a task that runs or waits.  Going back to the first value takes the
 * right to raise one's priority (CAP_SYS_NICE).  It never blocks: there is no wake latency.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "worker.h"

#define LOWEST 19

static void step(struct worker *w)
{
	/* how many steps down from the work's own nice */
	int next = (int)w->opt.nice + (int)(w->cursor++ % (uint64_t)(LOWEST + 1 - w->opt.nice));

	if (setpriority(PRIO_PROCESS, 0, next) < 0) {
		worker_error(w, "nice %d refused: %s", next, strerror(errno));
		w->finished = true;
		return;
	}
	loop_spin(w, 512);
	sched_yield();
	loop_tick(w);
}

WORK_TYPE(NiceSweep, .group_size = 1, .step = step);

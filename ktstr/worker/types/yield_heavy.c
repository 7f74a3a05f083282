// SPDX-License-Identifier: Apache-2.0
/*
 * YieldHeavy: calls sched_yield on every iteration.  Yielding is not blocking: the worker stays
 * runnable, so the time until it is back counts as a gap.
 */
#include "worker.h"

static void step(struct worker *w)
{
	sched_yield();
	w->m.work_units++;
	loop_tick(w);
}

WORK_TYPE(YieldHeavy, .group_size = 1, .step = step);

// SPDX-License-Identifier: Apache-2.0
/* Mixed: spins 1024 iterations, then yields. */
#include "worker.h"

static void step(struct worker *w)
{
	loop_spin(w, 1024);
	sched_yield();
	loop_tick(w);
}

WORK_TYPE(Mixed, .group_size = 1, .step = step);

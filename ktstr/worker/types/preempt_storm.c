// SPDX-License-Identifier: Apache-2.0
/*
 * PreemptStorm: number 0, which the agent makes SCHED_FIFO, spins for burst_us, then sleeps for
 * sleep_us; the others of its group spin, and are preempted by it.  Number 0's wake latency counts
 * from the sleep's deadline; the others have none.
 */
#include "steps/burst.h"

PARAMS(spinners, burst_us, sleep_us);

static void step(struct worker *w)
{
	if (w->member) {
		loop_spin(w, 1024);
		return;
	}
	burst_and_sleep(w, PARAM(w, burst_us), PARAM(w, sleep_us));
}

WORK_TYPE(PreemptStorm, .params = PARAM_NAMES, .step = step);

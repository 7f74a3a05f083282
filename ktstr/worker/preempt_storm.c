// SPDX-License-Identifier: Apache-2.0
/*
 * PreemptStorm: number 0, which the agent makes SCHED_FIFO, spins for burst_us, then sleeps for
 * sleep_us; the others of its group spin, and are preempted by it.  Number 0's wake latency counts
 * from the sleep's deadline; the others have none.
 */
#include "worker.h"

static void step(struct worker *w)
{
	if (w->member) {
		loop_spin(w, 1024);
		return;
	}
	loop_spin_until(w, loop_tick(w) + (uint64_t)w->opt.burst_us * 1000);
	if (!loop_stopped(w))
		loop_sleep_until(w, w->last_ns + (uint64_t)w->opt.sleep_us * 1000);
}

const struct work_type preempt_storm = {.name = "PreemptStorm", .step = step};

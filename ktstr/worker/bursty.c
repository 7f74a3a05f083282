// SPDX-License-Identifier: Apache-2.0
/*
 * Bursty: spins for burst_us of wall time, then sleeps for sleep_us until an absolute deadline.
 * Its wake latency is the time from that deadline to the first clock reading after it.
 */
#include "worker.h"

static void step(struct worker *w)
{
	loop_spin_until(w, loop_tick(w) + w->opt.burst_ns);
	if (!loop_stopped(w))
		loop_sleep_until(w, w->last_ns + w->opt.sleep_ns);
}

const struct work_type bursty = {.name = "Bursty", .group_size = 1, .step = step};

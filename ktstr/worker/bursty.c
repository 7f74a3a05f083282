// SPDX-License-Identifier: Apache-2.0
/*
 * Bursty: spins for burst_us of wall time, then sleeps for sleep_us until an absolute deadline.
 * Its wake latency is the time from that deadline to the first clock reading after it.
 */
#include "worker.h"

void bursty_step(struct worker *w)
{
	loop_spin_until(w, loop_tick(w) + (uint64_t)w->opt.burst_us * 1000);
	if (!loop_stopped(w))
		loop_sleep_until(w, w->last_ns + (uint64_t)w->opt.sleep_us * 1000);
}

const struct work_type bursty = {.name = "Bursty", .group_size = 1, .step = bursty_step};

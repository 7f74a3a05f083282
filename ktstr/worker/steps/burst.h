/* SPDX-License-Identifier: Apache-2.0 */
/* Spinning for a while, then sleeping until an absolute deadline. */
#ifndef KTSTR_WORKER_BURST_H
#define KTSTR_WORKER_BURST_H

#include "worker.h"

static inline void burst_and_sleep(struct worker *w, int64_t burst_us, int64_t sleep_us)
{
	loop_spin_until(w, loop_tick(w) + (uint64_t)burst_us * 1000);
	if (!loop_stopped(w))
		loop_sleep_until(w, w->last_ns + (uint64_t)sleep_us * 1000);
}

#endif

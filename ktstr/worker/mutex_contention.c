// SPDX-License-Identifier: Apache-2.0
/*
 * MutexContention: all of a group spin `spin`, take one lock, spin `hold` with it, and let it go.
 * It shows what it costs when a holder is preempted.  Wake latency counts from the clock reading of
 * who let the lock go and woke this worker; being woken is not having the lock.
 */
#include "mutex.h"

static void step(struct worker *w)
{
	loop_spin(w, (uint64_t)w->opt.spin);
	if (!mutex_lock(w))
		return;
	loop_spin(w, (uint64_t)w->opt.hold);
	mutex_unlock(w);
}

const struct work_type mutex_contention = {.name = "MutexContention", .step = step};

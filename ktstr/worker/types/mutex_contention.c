// SPDX-License-Identifier: Apache-2.0
/*
 * MutexContention: all of a group spin `spin`, take one lock, spin `hold` with it, and let it go.
 * It shows what it costs when a holder is preempted.  Wake latency counts from the clock reading of
 * who let the lock go and woke this worker; being woken is not having the lock.
 */
#include "steps/mutex.h"

PARAMS(contenders, hold, spin);

static void step(struct worker *w)
{
	loop_spin(w, (uint64_t)PARAM(w, spin));
	if (!mutex_lock(w))
		return;
	loop_spin(w, (uint64_t)PARAM(w, hold));
	mutex_unlock(w);
}

WORK_TYPE(MutexContention, .params = PARAM_NAMES, .step = step);

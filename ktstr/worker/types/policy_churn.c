// SPDX-License-Identifier: Apache-2.0
/*
 * PolicyChurn: spins under SCHED_OTHER, SCHED_BATCH and SCHED_IDLE in turn, and yields between.  It
 * stresses changes of class and weight.  Leaving SCHED_IDLE takes CAP_SYS_NICE or RLIMIT_NICE.  It
 * never blocks: there is no wake latency.
 */
#include <errno.h>
#include <string.h>

#include "worker.h"

PARAMS(spin);

static void step(struct worker *w)
{
	static const int POLICIES[] = {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE};
	const struct sched_param none = {0};

	if (sched_setscheduler(0, POLICIES[w->cursor++ % 3], &none) < 0) {
		worker_error(w, "change of policy refused: %s", strerror(errno));
		w->finished = true;
		return;
	}
	loop_spin(w, (uint64_t)PARAM(w, spin));
	sched_yield();
	loop_tick(w);
}

WORK_TYPE(PolicyChurn, .params = PARAM_NAMES, .group_size = 1, .step = step);

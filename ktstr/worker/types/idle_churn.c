// SPDX-License-Identifier: Apache-2.0
/*
 * IdleChurn: Bursty at its shortest, so that CPUs go in and out of idle all the time.  It stresses
 * the way in and out of idle, and placement on CPUs that are about to leave it.  Its wake latency
 * is that of Bursty.
 */
#include "steps/burst.h"

PARAMS(burst_us, sleep_us);

static void step(struct worker *w)
{
	burst_and_sleep(w, PARAM(w, burst_us), PARAM(w, sleep_us));
}

WORK_TYPE(IdleChurn, .params = PARAM_NAMES, .group_size = 1, .step = step);

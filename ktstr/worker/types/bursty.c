// SPDX-License-Identifier: Apache-2.0
/*
 * Bursty: spins for burst_us of wall time, then sleeps for sleep_us until an absolute deadline.
 * Its wake latency is the time from that deadline to the first clock reading after it.
 */
#include "steps/burst.h"

PARAMS(burst_us, sleep_us);

static void step(struct worker *w)
{
	burst_and_sleep(w, PARAM(w, burst_us), PARAM(w, sleep_us));
}

WORK_TYPE(Bursty, .params = PARAM_NAMES, .group_size = 1, .step = step);

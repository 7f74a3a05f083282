// SPDX-License-Identifier: Apache-2.0
/*
 * RtStarvation: all of a group spin; the agent makes the first `hogs` SCHED_FIFO, so that the
 * others only have what the kernel's protection from that (the deadline server, or RT throttling)
 * leaves them.  There is no wake latency.
 */
#include "worker.h"

PARAMS(hogs, victims, priority);

static void step(struct worker *w)
{
	loop_spin(w, 1024);
}

WORK_TYPE(RtStarvation, .params = PARAM_NAMES, .step = step);

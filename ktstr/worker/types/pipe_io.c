// SPDX-License-Identifier: Apache-2.0
/*
 * PipeIo: a pair hands one byte to and fro through two pipes and spins in between; the first of
 * the pair begins.  Its wake latency is the time from the partner's clock reading just before its
 * write to this worker's first one after, if this worker was already waiting at that moment.
 */
#include "steps/pipes.h"

PARAMS(spin);

static void burst(struct worker *w)
{
	loop_spin(w, (uint64_t)PARAM(w, spin));
}

static void step(struct worker *w)
{
	pipes_turn(w, burst);
}

WORK_TYPE(PipeIo, .params = PARAM_NAMES, .group_size = 2, .step = step);

// SPDX-License-Identifier: Apache-2.0
/*
 * AffinityChurn: spins, then binds itself to another random CPU of those it may use.  It stresses
 * migrations that user space asks for.  It never blocks on purpose: there is no wake latency.
 */
#include "steps/cpu_choice.h"

PARAMS(spin);

static void step(struct worker *w)
{
	loop_spin(w, (uint64_t)PARAM(w, spin));
	cpu_choice_bind(w, 0);
	loop_tick(w);
}

WORK_TYPE(AffinityChurn, .params = PARAM_NAMES, .group_size = 1, .step = step);

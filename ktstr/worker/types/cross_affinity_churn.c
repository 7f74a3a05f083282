// SPDX-License-Identifier: Apache-2.0
/*
 * CrossAffinityChurn: pairs; each spins, then binds the other, which may be running, waiting for a
 * CPU or migrating itself, to a random CPU of those it may use.  It stresses affinity changes from
 * outside.  Nobody blocks on purpose: there is no wake latency.
 */
#include "steps/cpu_choice.h"

PARAMS(spin);

static void step(struct worker *w)
{
	uint32_t partner = atomic_load(&w->group[!w->member].tid);

	loop_spin(w, (uint64_t)PARAM(w, spin));
	if (partner && !loop_stopped(w))
		cpu_choice_bind(w, (pid_t)partner);
	loop_tick(w);
}

WORK_TYPE(CrossAffinityChurn, .params = PARAM_NAMES, .group_size = 2, .step = step);

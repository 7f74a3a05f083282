// SPDX-License-Identifier: Apache-2.0
/*
 * CrossAffinityChurn: pairs; each spins, then binds the other, which may be running, waiting for a
 * CPU or migrating itself, to a random CPU of those it may use.  It stresses affinity changes from
 * outside.  Nobody blocks on purpose: there is no wake latency.
 */
#include "cpu_choice.h"

static void step(struct worker *w)
{
	uint32_t partner = atomic_load(&w->group[!w->member].tid);

	loop_spin(w, (uint64_t)w->opt.spin);
	if (partner && !loop_stopped(w))
		cpu_choice_bind(w, (pid_t)partner);
	loop_tick(w);
}

const struct work_type cross_affinity_churn = {
	.name = "CrossAffinityChurn", .group_size = 2, .step = step};

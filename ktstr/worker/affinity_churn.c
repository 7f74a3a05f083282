// SPDX-License-Identifier: Apache-2.0
/*
 * AffinityChurn: spins, then binds itself to another random CPU of those it may use.  It stresses
 * migrations that user space asks for.  It never blocks on purpose: there is no wake latency.
 */
#include "cpu_choice.h"

static void step(struct worker *w)
{
	loop_spin(w, (uint64_t)w->opt.spin);
	cpu_choice_bind(w, 0);
	loop_tick(w);
}

const struct work_type affinity_churn = {.name = "AffinityChurn", .group_size = 1, .step = step};

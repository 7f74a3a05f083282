// SPDX-License-Identifier: Apache-2.0
/*
 * FutexFanOut: number 0 spins `spin`, then wakes all others of its group through one futex word and
 * spins 256 more; each of the others spins `spin` and waits for the next wake-up.  It stresses how
 * many tasks woken at once are spread.  Their wake latency counts from number 0's clock reading
 * just before it woke them; number 0 never blocks, and has none.
 */
#include "steps/team.h"

PARAMS(fan_out, spin);

static void step(struct worker *w)
{
	_Atomic uint32_t *generation = &w->group[0].turn;

	if (w->member == 0) {
		loop_spin(w, (uint64_t)PARAM(w, spin));
		team_wake_all(w, generation);
		loop_spin(w, 256);
	} else if (team_await(w, generation, atomic_load(generation))) {
		loop_spin(w, (uint64_t)PARAM(w, spin));
	}
}

WORK_TYPE(FutexFanOut, .params = PARAM_NAMES, .step = step);

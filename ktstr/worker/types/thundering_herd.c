// SPDX-License-Identifier: Apache-2.0
/*
 * ThunderingHerd: number 0 spins, puts out one token and wakes all others of its group; who takes
 * the token spins, the rest wait again.  It stresses wake-ups most of which were for nothing.  A
 * work unit of a waiter is a token.  Wake latency counts from number 0's clock reading before it
 * woke them.
 */
#include "steps/team.h"

PARAMS(waiters, spin);

static void step(struct worker *w)
{
	_Atomic uint32_t *generation = &w->group[0].turn;
	/* number 0 never waits, so that nobody else needs its state */
	_Atomic uint32_t *token = &w->group[0].state;

	if (w->member == 0) {
		loop_spin(w, (uint64_t)PARAM(w, spin));
		atomic_store(token, 1);
		team_wake_all(w, generation);
		return;
	}
	if (team_await(w, generation, atomic_load(generation)) && atomic_exchange(token, 0))
		loop_spin(w, (uint64_t)PARAM(w, spin));
}

WORK_TYPE(ThunderingHerd, .params = PARAM_NAMES, .step = step);

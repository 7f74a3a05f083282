// SPDX-License-Identifier: Apache-2.0
/*
 * FutexPingPong: a pair takes turns on one futex word; who has the turn spins, gives it away and
 * wakes the other.  Its wake latency is the time from the partner's clock reading just before it
 * gave the turn to this worker's first one after, if this worker was already waiting then.
 */
#include "steps/team.h"

PARAMS(spin);

static void step(struct worker *w)
{
	_Atomic uint32_t *turn = &w->group[0].turn;

	if (atomic_load(turn) != w->member && !team_await(w, turn, !w->member))
		return;
	loop_spin(w, (uint64_t)PARAM(w, spin));
	team_mark_all(w);
	atomic_store(turn, !w->member);
	team_futex_wake(turn, 1);
}

WORK_TYPE(FutexPingPong, .params = PARAM_NAMES, .group_size = 2, .step = step);

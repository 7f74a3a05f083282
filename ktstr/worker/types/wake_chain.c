// SPDX-License-Identifier: Apache-2.0
/*
 * WakeChain: `depth` workers in a ring; one at a time has its turn, spins, gives the turn to the
 * next and wakes it.  Each delay on the way adds up in the time of a round.  Wake latency counts
 * from the clock reading of the one before just before it gave the turn away.
 */
#include "steps/team.h"

PARAMS(depth, spin);

static bool await_turn(struct worker *w)
{
	while (atomic_load(&w->group[0].turn) != w->member) {
		team_announce(w);
		if (atomic_load(&w->group[0].turn) == w->member)
			team_retract(w);
		else if (!team_park(w))
			return false;
	}
	return true;
}

static void step(struct worker *w)
{
	unsigned int next = (w->member + 1) % (unsigned int)w->opt.group;

	if (!await_turn(w))
		return;
	loop_spin(w, (uint64_t)PARAM(w, spin));
	atomic_store(&w->group[0].turn, next);
	team_unpark(w, &w->group[next]);
}

WORK_TYPE(WakeChain, .params = PARAM_NAMES, .step = step);

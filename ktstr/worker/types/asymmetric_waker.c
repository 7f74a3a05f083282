// SPDX-License-Identifier: Apache-2.0
/*
 * AsymmetricWaker: pairs; the first spins `spin`, wakes the second if that waits, and never waits
 * itself; the second spins `wakee_spin` and waits.  It stresses placement that takes every waker
 * for a partner.  The second's wake latency counts from the first's clock reading before it woke
 * it.
 */
#include "steps/team.h"

PARAMS(spin, wakee_spin);

static void step(struct worker *w)
{
	if (w->member == 0) {
		loop_spin(w, (uint64_t)PARAM(w, spin));
		team_unpark(w, &w->group[1]);
		return;
	}
	team_announce(w);
	if (team_park(w))
		loop_spin(w, (uint64_t)PARAM(w, wakee_spin));
}

WORK_TYPE(AsymmetricWaker, .params = PARAM_NAMES, .group_size = 2, .step = step);

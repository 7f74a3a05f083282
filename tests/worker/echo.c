// SPDX-License-Identifier: Apache-2.0
/* A work type of one's own: pairs, of which the first asks `rounds` times and the second answers.
 */
#include <errno.h>

#include "custom.h"

static int prepare(struct worker *w)
{
	if (custom_param(w, "rounds", 0) < 1) {
		worker_error(w, "rounds is needed");
		return -EINVAL;
	}
	return 0;
}

static void step(struct worker *w)
{
	_Atomic uint32_t *turn = &w->group[0].turn;

	if (atomic_load(turn) != w->member && !team_await(w, turn, !w->member))
		return;
	loop_spin(w, (uint64_t)custom_param(w, "rounds", 1));
	team_mark_all(w);
	atomic_store(turn, !w->member);
	team_futex_wake(turn, 1);
}

KTSTR_CUSTOM_WORK(.prepare = prepare, .step = step);

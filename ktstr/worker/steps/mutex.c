// SPDX-License-Identifier: Apache-2.0
/* The lock of a group; see mutex.h. */
#include "steps/mutex.h"

#include "steps/team.h"

enum { FREE, HELD };

static bool try_lock(struct worker *w)
{
	uint32_t unlocked = FREE;

	return atomic_compare_exchange_strong(&w->group[0].turn, &unlocked, HELD);
}

bool mutex_lock(struct worker *w)
{
	while (!try_lock(w)) {
		team_announce(w);
		if (atomic_load(&w->group[0].turn) == FREE)
			team_retract(w);
		else if (!team_park(w))
			return false;
	}
	return true;
}

void mutex_unlock(struct worker *w)
{
	atomic_store(&w->group[0].turn, FREE);
	team_unpark_one(w, 0, (unsigned int)w->opt.group);
}

// SPDX-License-Identifier: Apache-2.0
/* Requests within a group; see requests.h.  The word `turn` of who asks says how far that is. */
#include "steps/requests.h"

#include "steps/team.h"

enum { NOTHING, ASKED, TAKEN };

bool requests_ask(struct worker *w, unsigned int from, unsigned int to)
{
	team_announce(w);
	atomic_store(&w->self->turn, ASKED);
	for (unsigned int i = from; i < to; i++) {
		if (team_unpark(w, &w->group[i]))
			break;
	}
	return team_park(w);
}

static struct shared_slot *find(struct worker *w, unsigned int from, unsigned int to)
{
	/* each time from another one on, so that nobody is passed over for ever */
	for (unsigned int i = 0; i < to - from; i++) {
		unsigned int number = from + (unsigned int)(w->cursor++ % (to - from));
		uint32_t asked = ASKED;

		if (atomic_compare_exchange_strong(&w->group[number].turn, &asked, TAKEN))
			return &w->group[number];
	}
	return NULL;
}

struct shared_slot *requests_take(struct worker *w, unsigned int from, unsigned int to)
{
	struct shared_slot *found = find(w, from, to);

	while (!found) {
		team_announce(w);
		found = find(w, from, to);
		if (found)
			team_retract(w);
		else if (!team_park(w))
			return NULL;
		else
			found = find(w, from, to);
	}
	return found;
}

void requests_answer(struct worker *w, struct shared_slot *slot)
{
	atomic_store(&slot->turn, NOTHING);
	team_unpark(w, slot);
}

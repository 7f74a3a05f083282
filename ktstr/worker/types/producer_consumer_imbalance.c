// SPDX-License-Identifier: Apache-2.0
/*
 * ProducerConsumerImbalance: the first `producers` of a group each spin and put an item into a
 * queue of `queue` places, the others each take one and spin; who finds it full or empty waits.
 * With more of the one than of the other the queue stays full or empty.  An item is a work unit.
 * Wake latency counts from the clock reading of who put or took just before it woke this worker.
 */
#include "steps/team.h"

PARAMS(producers, consumers, queue, spin);

/* One item more or less, unless the queue is at @limit. */
static bool change(struct worker *w, uint32_t limit, int by)
{
	_Atomic uint32_t *items = &w->group[0].turn;
	uint32_t now = atomic_load(items);

	while (now != limit) {
		if (atomic_compare_exchange_weak(items, &now, now + (uint32_t)by))
			return true;
	}
	return false;
}

static bool move_one(struct worker *w, uint32_t limit, int by)
{
	while (!change(w, limit, by)) {
		team_announce(w);
		if (atomic_load(&w->group[0].turn) != limit)
			team_retract(w);
		else if (!team_park(w))
			return false;
	}
	w->m.work_units++;
	return true;
}

static void step(struct worker *w)
{
	unsigned int producers = (unsigned int)PARAM(w, producers);
	bool produces = w->member < producers;

	if (produces)
		loop_spin(w, (uint64_t)PARAM(w, spin));
	if (!move_one(w, produces ? (uint32_t)PARAM(w, queue) : 0, produces ? 1 : -1))
		return;
	if (produces) {
		team_unpark_one(w, producers, (unsigned int)w->opt.group);
	} else {
		team_unpark_one(w, 0, producers);
		loop_spin(w, (uint64_t)PARAM(w, spin));
	}
}

WORK_TYPE(ProducerConsumerImbalance, .params = PARAM_NAMES, .step = step);

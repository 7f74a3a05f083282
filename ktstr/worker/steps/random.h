/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers that follow from the group's seed, and are others for each worker. */
#ifndef KTSTR_WORKER_RANDOM_H
#define KTSTR_WORKER_RANDOM_H

#include "worker.h"

/* xorshift64 (Marsaglia 2003). */
static inline uint64_t random_next(struct worker *w)
{
	if (!w->random)
		w->random =
			0x9e3779b97f4a7c15ull * ((uint64_t)w->opt.seed + (uint64_t)w->opt.slot + 1);
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

#endif

// SPDX-License-Identifier: Apache-2.0
/*
 * Schbench: after schbench (Chris Mason).  Number 0 is the messenger: it waits until one of the
 * `threads` others asks to be woken, and wakes it.  These then sleep sleep_us, as for a network,
 * and multiply matrices of footprint_kb `operations` times.  Wake latency counts from the clock
 * reading of who woke, and from the sleep's deadline.
 */
#include "steps/memory.h"
#include "steps/requests.h"

PARAMS(threads, footprint_kb, operations, sleep_us);

static int prepare(struct worker *w)
{
	return memory_map_matrices(w, PARAM(w, footprint_kb));
}

static void step(struct worker *w)
{
	struct shared_slot *asking;

	if (w->member == 0) {
		asking = requests_take(w, 1, (unsigned int)w->opt.group);
		if (asking) {
			requests_answer(w, asking);
			w->m.work_units++;
		}
		return;
	}
	if (!requests_ask(w, 0, 1))
		return;
	loop_sleep_until(w, w->last_ns + (uint64_t)PARAM(w, sleep_us) * 1000);
	for (int64_t i = 0; i < PARAM(w, operations); i++)
		memory_multiply(w);
}

WORK_TYPE(Schbench, .params = PARAM_NAMES, .prepare = prepare, .step = step);

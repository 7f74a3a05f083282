// SPDX-License-Identifier: Apache-2.0
/*
 * Schbench: after schbench (Chris Mason).  Number 0 is the messenger: it waits until one of the
 * `threads` others asks to be woken, and wakes it.  These then sleep sleep_us, as for a network,
 * and multiply matrices of footprint_kb `operations` times.  Wake latency counts from the clock
 * reading of who woke, and from the sleep's deadline.
 */
#include "memory.h"
#include "requests.h"

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
	loop_sleep_until(w, w->last_ns + (uint64_t)w->opt.sleep_us * 1000);
	for (int64_t i = 0; i < w->opt.operations; i++)
		memory_multiply(w);
}

const struct work_type schbench = {
	.name = "Schbench", .prepare = memory_prepare_matrices, .step = step};

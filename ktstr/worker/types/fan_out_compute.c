// SPDX-License-Identifier: Apache-2.0
/*
 * FanOutCompute: number 0 wakes all others of its group again and again, spinning 256 in between;
 * each of the others sleeps sleep_us, then multiplies matrices of footprint_kb `operations` times.
 * It is the shape of a server that deals out requests.  Wake latency counts from number 0's clock
 * reading just before it woke them, and from the sleep's deadline; number 0 has none.
 */
#include "steps/memory.h"
#include "steps/team.h"

PARAMS(fan_out, footprint_kb, operations, sleep_us);

static int prepare(struct worker *w)
{
	return memory_map_matrices(w, PARAM(w, footprint_kb));
}

static void step(struct worker *w)
{
	_Atomic uint32_t *generation = &w->group[0].turn;

	if (w->member == 0) {
		team_wake_all(w, generation);
		loop_spin(w, 256);
		return;
	}
	if (!team_await(w, generation, atomic_load(generation)))
		return;
	loop_sleep_until(w, w->last_ns + (uint64_t)PARAM(w, sleep_us) * 1000);
	for (int64_t i = 0; i < PARAM(w, operations); i++)
		memory_multiply(w);
}

WORK_TYPE(FanOutCompute, .params = PARAM_NAMES, .prepare = prepare, .step = step);

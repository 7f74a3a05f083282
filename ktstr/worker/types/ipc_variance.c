// SPDX-License-Identifier: Apache-2.0
/*
 * IpcVariance: for phase_us arithmetic at many instructions per cycle, for as long loads that each
 * need the one before, in random order through size_kb, at few.  It stresses schedulers and
 * frequency governors that go by what a task achieved.  There is no wake latency.
 */
#include "steps/arithmetic.h"
#include "steps/memory.h"
#include "steps/random.h"

#define LOADS 256

PARAMS(phase_us, size_kb);

static int prepare(struct worker *w)
{
	int error = memory_map(w, PARAM(w, size_kb));
	size_t count = w->memory_size / sizeof(uint64_t);
	uint64_t *next = (uint64_t *)w->memory;

	if (error)
		return error;
	/* one cycle through all places (Sattolo 1986) */
	for (size_t i = 0; i < count; i++)
		next[i] = i;
	for (size_t i = count - 1; i > 0; i--) {
		size_t j = random_next(w) % i;
		uint64_t swapped = next[i];

		next[i] = next[j];
		next[j] = swapped;
	}
	return 0;
}

static void chase(struct worker *w)
{
	const volatile uint64_t *next = (const volatile uint64_t *)w->memory;
	uint64_t at = w->phase_ns;

	for (int i = 0; i < LOADS; i++)
		at = next[at];
	w->phase_ns = at;
	loop_worked(w, LOADS);
}

static void step(struct worker *w)
{
	uint64_t phase_ns = (uint64_t)PARAM(w, phase_us) * 1000, start = loop_tick(w);

	while (w->last_ns - start < phase_ns && !loop_stopped(w))
		arithmetic_integer(w);
	start = w->last_ns;
	while (w->last_ns - start < phase_ns && !loop_stopped(w))
		chase(w);
}

WORK_TYPE(IpcVariance, .params = PARAM_NAMES, .group_size = 1, .prepare = prepare, .step = step);

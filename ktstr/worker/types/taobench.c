// SPDX-License-Identifier: Apache-2.0
/*
 * Taobench: after TaoBench, a cache in front of a database.  The first `fast` of a group look up
 * lines of table_kb at random, one work unit each; miss_pct of the look-ups they hand to one of the
 * others and wait.  That one sleeps slow_us, as for the database, fills in a line, and wakes them.
 * Wake latency counts from the clock reading of who woke, and from the sleep's deadline.
 */
#include "steps/memory.h"
#include "steps/random.h"
#include "steps/requests.h"

#define LINE 64

PARAMS(fast, slow, miss_pct, slow_us, table_kb);

static int prepare(struct worker *w)
{
	return memory_map(w, PARAM(w, table_kb));
}

static void look_up(struct worker *w)
{
	w->cursor = random_next(w) % (w->memory_size / LINE) * LINE;
	memory_walk(w, 1, LINE);
}

static void step(struct worker *w)
{
	unsigned int fast = (unsigned int)PARAM(w, fast), all = (unsigned int)w->opt.group;
	struct shared_slot *asking;

	if (w->member < fast) {
		look_up(w);
		if ((int64_t)(random_next(w) % 100) < PARAM(w, miss_pct))
			requests_ask(w, fast, all);
		return;
	}
	asking = requests_take(w, 0, fast);
	if (!asking)
		return;
	loop_sleep_until(w, w->last_ns + (uint64_t)PARAM(w, slow_us) * 1000);
	look_up(w);
	requests_answer(w, asking);
}

WORK_TYPE(Taobench, .params = PARAM_NAMES, .prepare = prepare, .step = step);

// SPDX-License-Identifier: Apache-2.0
/*
 * Sequence: goes through phases of spinning, sleeping, yielding or I/O on /tmp, each for so many
 * microseconds, over and over.  It stresses schedulers that learn what a task is like.  Wake
 * latency counts from the deadlines of its sleeps, those within I/O included.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "worker.h"

#define MOST_PHASES 16

struct phase_kind {
	const char *name;
	void (*play)(struct worker *w, uint64_t until_ns);
};

struct sequence {
	size_t count;
	struct {
		const struct phase_kind *kind;
		uint64_t ns;
	} phases[MOST_PHASES];
};

static void play_yield(struct worker *w, uint64_t until_ns)
{
	while (w->last_ns < until_ns && !loop_stopped(w)) {
		sched_yield();
		w->m.work_units++;
		loop_tick(w);
	}
}

static void play_io(struct worker *w, uint64_t until_ns)
{
	while (w->last_ns < until_ns && !loop_stopped(w))
		io_sync_step(w);
}

static const struct phase_kind KINDS[] = {
	{"SpinFor", loop_spin_until},
	{"SleepFor", loop_sleep_until},
	{"YieldFor", play_yield},
	{"IoFor", play_io},
};

static const struct phase_kind *kind_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
		if (!strcmp(KINDS[i].name, name))
			return &KINDS[i];
	}
	return NULL;
}

/* phases=SpinFor:1000,SleepFor:500 */
static int prepare(struct worker *w)
{
	struct sequence *sequence = calloc(1, sizeof(*sequence));
	char *rest = w->opt.phases;

	if (!sequence)
		return -ENOMEM;
	w->own = sequence;
	for (char *word = strtok_r(rest, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		char *colon = strchr(word, ':');

		if (!colon || sequence->count == MOST_PHASES)
			return -EINVAL;
		*colon = '\0';
		sequence->phases[sequence->count].kind = kind_by_name(word);
		sequence->phases[sequence->count].ns = strtoull(colon + 1, NULL, 10) * 1000;
		if (!sequence->phases[sequence->count++].kind)
			return -EINVAL;
	}
	return sequence->count ? io_sync_prepare(w) : -EINVAL;
}

static void step(struct worker *w)
{
	const struct sequence *sequence = w->own;

	for (size_t i = 0; i < sequence->count && !loop_stopped(w); i++)
		sequence->phases[i].kind->play(w, loop_tick(w) + sequence->phases[i].ns);
}

const struct work_type sequence = {
	.name = "Sequence", .group_size = 1, .prepare = prepare, .step = step};

// SPDX-License-Identifier: Apache-2.0
/*
 * Sequence: goes through phases of spinning, sleeping, yielding or I/O on /tmp, each for so many
 * microseconds, over and over.  It stresses schedulers that learn what a task is like.  Wake
 * latency counts from the deadlines of its sleeps, those within I/O included.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "steps/io.h"

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
		io_write_tmp(w);
}

static const struct phase_kind KINDS[] = {
	{"SpinFor", loop_spin_until},
	{"SleepFor", loop_sleep_until},
	{"YieldFor", play_yield},
	{"IoFor", play_io},
};

static const struct phase_kind *kind_by_name(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
		if (strlen(KINDS[i].name) == length && !strncmp(KINDS[i].name, name, length))
			return &KINDS[i];
	}
	return NULL;
}

/* phases: SpinFor:1000,SleepFor:500 */
static int prepare(struct worker *w)
{
	struct sequence *sequence = calloc(1, sizeof(*sequence));
	const char *at = params_text(w, "phases");

	if (!sequence)
		return -ENOMEM;
	w->own = sequence;
	for (; *at; at += *at == ',') {
		size_t length = strcspn(at, ":");
		const struct phase_kind *kind = kind_by_name(at, length);
		char *end;

		if (!kind || at[length] != ':' || sequence->count == MOST_PHASES)
			return -EINVAL;
		sequence->phases[sequence->count].kind = kind;
		sequence->phases[sequence->count++].ns = strtoull(at + length + 1, &end, 10) * 1000;
		if (*end && *end != ',')
			return -EINVAL;
		at = end;
	}
	return sequence->count ? io_prepare_tmp(w) : -EINVAL;
}

static void step(struct worker *w)
{
	const struct sequence *sequence = w->own;

	for (size_t i = 0; i < sequence->count && !loop_stopped(w); i++)
		sequence->phases[i].kind->play(w, loop_tick(w) + sequence->phases[i].ns);
}

WORK_TYPE(Sequence, .texts = "phases", .group_size = 1, .prepare = prepare, .step = step);

// SPDX-License-Identifier: Apache-2.0
/* Waiting and waking within a group; see team.h. */
#include "steps/team.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { RUNNING, WAITING, WOKEN };

/* A stop that comes between the check and the wait is noticed after this long. */
static const struct timespec SLICE = {.tv_nsec = 50 * 1000 * 1000};

void team_futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT, value, &SLICE, NULL, 0);
}

void team_futex_wake(_Atomic uint32_t *word, int count)
{
	syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

void team_announce(struct worker *w)
{
	w->waiting_since = loop_tick(w);
	atomic_store(&w->self->state, WAITING);
}

void team_retract(struct worker *w)
{
	atomic_store(&w->self->state, RUNNING);
	loop_tick(w);
}

void team_waited(struct worker *w, bool slept)
{
	if (atomic_exchange(&w->self->state, RUNNING) == WOKEN)
		loop_woken(w, w->waiting_since);
	else if (slept)
		loop_resume(w);
	else
		loop_tick(w);
}

static bool mark(struct shared_slot *slot, uint64_t now)
{
	uint32_t waiting = WAITING;

	if (atomic_load(&slot->state) != WAITING)
		return false;
	atomic_store(&slot->wake_ns, now);
	return atomic_compare_exchange_strong(&slot->state, &waiting, WOKEN);
}

bool team_park(struct worker *w)
{
	bool slept = false;

	while (atomic_load(&w->self->state) == WAITING && !loop_stopped(w)) {
		team_futex_wait(&w->self->state, WAITING);
		slept = true;
	}
	team_waited(w, slept);
	return !loop_stopped(w);
}

bool team_unpark(struct worker *w, struct shared_slot *slot)
{
	if (!mark(slot, loop_tick(w)))
		return false;
	team_futex_wake(&slot->state, 1);
	return true;
}

bool team_unpark_one(struct worker *w, unsigned int from, unsigned int to)
{
	unsigned int count = to - from;

	for (unsigned int i = 1; i <= count; i++) {
		unsigned int number = from + (w->member + i) % count;

		if (number != w->member && team_unpark(w, &w->group[number]))
			return true;
	}
	return false;
}

bool team_await(struct worker *w, _Atomic uint32_t *word, uint32_t seen)
{
	bool slept = false;

	team_announce(w);
	while (atomic_load(word) == seen && !loop_stopped(w)) {
		team_futex_wait(word, seen);
		slept = true;
	}
	team_waited(w, slept);
	return !loop_stopped(w);
}

void team_mark_all(struct worker *w)
{
	uint64_t now = loop_tick(w);

	for (unsigned int i = 0; i < w->opt.group; i++)
		mark(&w->group[i], now);
}

void team_wake_all(struct worker *w, _Atomic uint32_t *word)
{
	team_mark_all(w);
	atomic_fetch_add(word, 1);
	team_futex_wake(word, INT_MAX);
}

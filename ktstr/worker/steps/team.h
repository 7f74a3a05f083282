/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the workers of a group wait for and wake each other.
 *
 * A worker that is about to wait announces it in its slot.  Who wakes it changes that state and
 * leaves the time of it in the same slot, both before the wake-up proper; the time stands for this
 * wake-up alone, and from it the sleeper's wake-to-run latency counts.
 */
#ifndef KTSTR_WORKER_TEAM_H
#define KTSTR_WORKER_TEAM_H

#include "worker.h"

/* Says that this worker is about to wait.  Then look once more for what it would wait for. */
void team_announce(struct worker *w);

/* There is no need to wait after all. */
void team_retract(struct worker *w);

/* After team_announce: sleeps until team_unpark() of this worker; false if told to stop. */
bool team_park(struct worker *w);

/* Wakes the worker of @slot if it waits in team_park(); says whether it did. */
bool team_unpark(struct worker *w, struct shared_slot *slot);

/* Wakes the first worker that waits among numbers @from to @to - 1, beginning after this one. */
bool team_unpark_one(struct worker *w, unsigned int from, unsigned int to);

/* Waits until @word is no longer @seen; false if told to stop. */
bool team_await(struct worker *w, _Atomic uint32_t *word, uint32_t seen);

/* Changes @word and wakes all who wait for that in team_await(). */
void team_wake_all(struct worker *w, _Atomic uint32_t *word);

/* Marks all of the group that have announced that they wait as woken now. */
void team_mark_all(struct worker *w);

/* Accounts for the end of a wait that team_announce() began and something else ended. */
void team_waited(struct worker *w, bool slept);

/* One sleep on @word while it is @value, of bounded length, and one wake-up of at most @count. */
void team_futex_wait(_Atomic uint32_t *word, uint32_t value);
void team_futex_wake(_Atomic uint32_t *word, int count);

#endif

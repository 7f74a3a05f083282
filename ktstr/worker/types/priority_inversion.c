// SPDX-License-Identifier: Apache-2.0
/*
 * PriorityInversion: number 2, of the lowest weight, holds a lock nearly all the time; number 0, of
 * the highest, wants it; number 1 spins beside them and so keeps number 2 from letting it go.  With
 * `inherit` the lock is the kernel's (FUTEX_LOCK_PI), whose holder inherits the priority of who
 * waits.  What it shows is number 0's wait: its iterations.  Wake latency counts from the clock
 * reading of who let the lock go.
 */
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "steps/mutex.h"
#include "steps/team.h"

#define HIGH 0
#define SPINNER 1
#define SLICE_NS 50000000ull

PARAMS(hold, spin, inherit);

static bool lock_inheriting(struct worker *w)
{
	_Atomic uint32_t *word = &w->group[0].turn;
	uint32_t mine = (uint32_t)gettid(), unlocked = 0;

	if (atomic_compare_exchange_strong(word, &unlocked, mine))
		return true;
	team_announce(w);
	while (!loop_stopped(w)) {
		uint64_t until = loop_now() + SLICE_NS;
		struct timespec deadline = {.tv_sec = (time_t)(until / 1000000000),
					    .tv_nsec = (long)(until % 1000000000)};

		if (syscall(SYS_futex, word, FUTEX_LOCK_PI2, 0, &deadline, NULL, 0) == 0) {
			team_waited(w, true);
			return true;
		}
		if (errno != ETIMEDOUT && errno != EINTR && errno != EAGAIN) {
			worker_error(w, "FUTEX_LOCK_PI2 refused: %s", strerror(errno));
			w->finished = true;
		}
	}
	team_waited(w, true);
	return false;
}

static void unlock_inheriting(struct worker *w)
{
	_Atomic uint32_t *word = &w->group[0].turn;
	uint32_t mine = (uint32_t)gettid();

	team_mark_all(w);
	if (!atomic_compare_exchange_strong(word, &mine, 0))
		syscall(SYS_futex, word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

static void step(struct worker *w)
{
	if (w->member == SPINNER) {
		loop_spin(w, 1024);
		return;
	}
	if (w->member == HIGH)
		loop_spin(w, (uint64_t)PARAM(w, spin));
	if (!(PARAM(w, inherit) ? lock_inheriting(w) : mutex_lock(w)))
		return;
	loop_spin(w, (uint64_t)PARAM(w, hold));
	if (PARAM(w, inherit))
		unlock_inheriting(w);
	else
		mutex_unlock(w);
}

WORK_TYPE(PriorityInversion, .params = PARAM_NAMES, .group_size = 3, .step = step);

// SPDX-License-Identifier: Apache-2.0
/*
 * FutexPingPong: a pair takes turns on one futex word; who has the turn spins, gives it away and
 * wakes the other.  Its wake latency is the time from the partner's clock reading just before it
 * gave the turn to this worker's first one after, if this worker was already waiting then.
 */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "worker.h"

/* A stop signal that comes between the check and the wait is noticed after this long. */
static const struct timespec SLICE = {.tv_nsec = 50 * 1000 * 1000};

static long futex(_Atomic uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

static bool await_turn(struct worker *w)
{
	_Atomic uint32_t *turn = &w->pair[0].turn;
	uint64_t waiting_since = loop_tick(w);

	while (atomic_load(turn) != w->side) {
		if (loop_stopped(w)) {
			loop_resume(w);
			return false;
		}
		futex(turn, FUTEX_WAIT, !w->side, &SLICE);
	}
	loop_woken(w, waiting_since);
	return true;
}

static void step(struct worker *w)
{
	if (!await_turn(w))
		return;
	loop_spin(w, w->opt.spin);
	atomic_store(&w->self->wake_ns, loop_tick(w));
	atomic_store(&w->pair[0].turn, !w->side);
	futex(&w->pair[0].turn, FUTEX_WAKE, 1, NULL);
}

const struct work_type futex_ping_pong = {.name = "FutexPingPong", .group_size = 2, .step = step};

// SPDX-License-Identifier: Apache-2.0
/*
 * SignalStorm: pairs; each spins and sends the other a signal (SIGUSR2) on every iteration.  It
 * stresses the kicks and interrupted system calls that signals bring.  A signal that arrived is a
 * work unit; those that pile up arrive as one.  There is no wake latency.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "worker.h"

PARAMS(spin);

static _Thread_local volatile sig_atomic_t arrived;

static void on_signal(int signal)
{
	(void)signal;
	arrived++;
}

static int prepare(struct worker *w)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	if (sigaction(SIGUSR2, &action, NULL) < 0)
		return -errno;
	atomic_store(&w->self->turn, 1); /* from now on a signal does not kill */
	return 0;
}

static void step(struct worker *w)
{
	struct shared_slot *partner = &w->group[!w->member];
	int before = arrived;

	loop_spin(w, (uint64_t)PARAM(w, spin));
	if (atomic_load(&partner->turn) && !loop_stopped(w) &&
	    syscall(SYS_tkill, atomic_load(&partner->tid), SIGUSR2) < 0 && errno != ESRCH) {
		worker_error(w, "cannot send a signal: %s", strerror(errno));
		w->finished = true;
	}
	w->m.work_units += arrived - before;
	loop_tick(w);
}

static void finish(struct worker *w)
{
	atomic_store(&w->self->turn, 0);
}

WORK_TYPE(SignalStorm, .params = PARAM_NAMES, .group_size = 2, .prepare = prepare, .step = step,
	  .finish = finish);

// SPDX-License-Identifier: Apache-2.0
/*
 * ForkExit: makes a child that exits at once, and waits for it: one work unit.  It stresses how new
 * tasks are placed and how they go.  The wait ends with the child's exit, of which no clock tells,
 * so there is no wake latency.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker.h"

static void step(struct worker *w)
{
	pid_t child;

	loop_tick(w);
	child = fork();
	if (child == 0)
		_exit(0);
	if (child < 0) {
		worker_error(w, "cannot fork: %s", strerror(errno));
		w->finished = true;
		return;
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	w->m.work_units++;
	loop_resume(w);
}

WORK_TYPE(ForkExit, .group_size = 1, .step = step);

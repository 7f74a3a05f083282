// SPDX-License-Identifier: Apache-2.0
/* The pipes of a pair; see pipes.h. */
#include "steps/pipes.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void pipes_send(struct worker *w)
{
	char byte = 1;

	atomic_store(&w->group[!w->member].wake_ns, loop_tick(w));
	if (write(w->opt.out_fd, &byte, 1) != 1) {
		if (!loop_stopped(w) && errno != EPIPE)
			worker_error(w, "cannot write to the partner: %s", strerror(errno));
		w->finished = true;
	}
}

bool pipes_receive(struct worker *w)
{
	struct pollfd poll_in = {.fd = w->opt.in_fd, .events = POLLIN};
	uint64_t waiting_since = loop_tick(w);
	ssize_t got;
	char byte;

	/* the mask lets the stop signal through only while blocked: no stop can slip past */
	if (ppoll(&poll_in, 1, NULL, &w->waiting) < 0) {
		loop_resume(w);
		return false;
	}
	got = read(w->opt.in_fd, &byte, 1);
	if (got != 1) {
		w->finished = true;
		loop_resume(w);
		return false;
	}
	loop_woken(w, waiting_since);
	return true;
}

void pipes_turn(struct worker *w, void (*burst)(struct worker *w))
{
	if (w->member == 1 && !pipes_receive(w))
		return;
	burst(w);
	pipes_send(w);
	if (w->member == 0)
		pipes_receive(w);
}

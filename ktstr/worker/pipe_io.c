// SPDX-License-Identifier: Apache-2.0
/*
 * PipeIo: a pair hands one byte to and fro through two pipes and spins in between; the first of
 * the pair begins.  Its wake latency is the time from the partner's clock reading just before its
 * write to this worker's first one after, if this worker was already waiting at that moment.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "worker.h"

static void send_byte(struct worker *w)
{
	char byte = 1;

	atomic_store(&w->self->wake_ns, loop_tick(w));
	if (write(w->opt.out_fd, &byte, 1) != 1) {
		if (!loop_stopped(w) && errno != EPIPE)
			worker_error(w, "cannot write to the partner: %s", strerror(errno));
		w->finished = true;
	}
}

static bool receive_byte(struct worker *w)
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

static void step(struct worker *w)
{
	if (w->side == 1 && !receive_byte(w))
		return;
	loop_spin(w, w->opt.spin);
	send_byte(w);
	if (w->side == 0)
		receive_byte(w);
}

const struct work_type pipe_io = {.name = "PipeIo", .group_size = 2, .step = step};

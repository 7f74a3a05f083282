// SPDX-License-Identifier: Apache-2.0
/*
 * ktstr-worker: one process of a synthetic workload, driven by the agent (options.c: its command
 * line).  It waits for one byte on start_fd, which gives the agent the time to place it into a
 * cgroup, then works until the stop flag in the shared memory is set, then writes a JSON report.
 * The agent sends SIGUSR1 after setting the flag, to wake a worker that is blocked.
 *
 * Exit status: 0 reported; 1 command line wrong; 2 could not begin; 3 never told to begin.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "worker.h"

static struct worker worker;

static bool map_shared(struct worker *w)
{
	size_t size = sizeof(struct shared_header) + w->opt.slots * sizeof(struct shared_slot);
	struct shared_slot *slots;

	w->header = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, w->opt.shared_fd, 0);
	if (w->header == MAP_FAILED)
		return false;
	slots = (struct shared_slot *)(w->header + 1);
	w->self = &slots[w->opt.slot];
	w->pair = &slots[w->opt.slot & ~1u];
	w->side = w->opt.slot & 1u;
	close(w->opt.shared_fd);
	return true;
}

static bool await_start(struct worker *w)
{
	struct pollfd start = {.fd = w->opt.start_fd, .events = POLLIN};
	char byte;

	if (ppoll(&start, 1, NULL, &w->waiting) < 0 || read(w->opt.start_fd, &byte, 1) != 1)
		return false;
	close(w->opt.start_fd);
	return true;
}

static bool prepare(struct worker *w)
{
	int error = w->opt.type->prepare ? w->opt.type->prepare(w) : 0;

	if (error < 0)
		worker_error(w, "%s cannot begin: %s", w->opt.type->name, strerror(-error));
	return error >= 0;
}

int main(int argc, char **argv)
{
	struct worker *w = &worker;

	if (!options_parse(&w->opt, argc, argv))
		return 1;
	prctl(PR_SET_NAME, w->opt.name[0] ? w->opt.name : "ktstr-worker");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != w->opt.parent)
		return 3;
	prctl(PR_SET_TIMERSLACK, 1);
	loop_install_signals(w);
	if (!map_shared(w)) {
		fprintf(stderr, "ktstr-worker: cannot map the shared memory: %s\n",
			strerror(errno));
		return 2;
	}
	if (!report_open(w))
		return 2;
	phase_prepare(w);
	if (!await_start(w))
		return 3;
	place_worker(w);
	loop_begin(w);
	if (prepare(w))
		loop_run(w);
	return report_write(w) ? 0 : 2;
}

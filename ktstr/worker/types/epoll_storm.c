// SPDX-License-Identifier: Apache-2.0
/*
 * EpollStorm: number 0 spins, then posts an event for each of the others on an eventfd; these wait
 * for it with epoll, level-triggered, so that all are woken and each takes one event if one is
 * left. It posts no more while that many are left over.  It stresses wake-ups of many from one
 * source. Wake latency counts from number 0's clock reading just before it posted.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "steps/team.h"

PARAMS(consumers, spin);

static int prepare(struct worker *w)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (w->opt.event_fd < 0)
		return -EBADF;
	if (w->member == 0)
		return 0;
	w->fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->fd < 0 || epoll_ctl(w->fd, EPOLL_CTL_ADD, (int)w->opt.event_fd, &event) < 0)
		return -errno;
	return 0;
}

static void post(struct worker *w)
{
	_Atomic uint32_t *left = &w->group[0].turn;
	uint64_t events = (uint64_t)w->opt.group - 1;

	loop_spin(w, (uint64_t)PARAM(w, spin));
	if (atomic_load(left) >= events)
		return;
	team_mark_all(w);
	atomic_fetch_add(left, (uint32_t)events);
	if (write((int)w->opt.event_fd, &events, sizeof(events)) != sizeof(events)) {
		worker_error(w, "cannot post events: %s", strerror(errno));
		w->finished = true;
	}
}

static void take(struct worker *w)
{
	struct epoll_event event;
	uint64_t one;

	team_announce(w);
	epoll_pwait(w->fd, &event, 1, -1, &w->waiting);
	team_waited(w, true);
	if (loop_stopped(w) ||
	    read((int)w->opt.event_fd, &one, sizeof(one)) != sizeof(one)) /* others were faster */
		return;
	atomic_fetch_sub(&w->group[0].turn, 1);
	w->m.work_units++;
	loop_spin(w, (uint64_t)PARAM(w, spin));
}

static void step(struct worker *w)
{
	if (w->member == 0)
		post(w);
	else
		take(w);
}

WORK_TYPE(EpollStorm, .params = PARAM_NAMES, .prepare = prepare, .step = step);

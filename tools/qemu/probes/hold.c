// SPDX-License-Identifier: GPL-2.0-or-later
#include "hold.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "look.h"
#include "walk.h"

bool hold_open(struct hold *hold, const char *where)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	char *end;

	hold->fd = strtol(where, &end, 10);
	if (end != where && !*end)
		return true;
	hold->fd = -1;
	if (strlen(where) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	strcpy(to.sun_path, where);
	hold->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return hold->fd >= 0 && !connect(hold->fd, (void *)&to, sizeof(to));
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

// Waits for the host's word; else says in words why there is none.
static const char *wait_for_host(int fd, uint32_t limit_ms, struct instant *instant)
{
	int64_t end = now_ms() + limit_ms, left;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	struct order order;
	char word;
	ssize_t got;

	for (;;) {
		left = end - now_ms();
		if (left <= 0)
			return "holds: the host did not let the guest go on in time";
		if (poll(&poll_fd, 1, left) <= 0)
			continue;
		got = recv(fd, &word, 1, MSG_DONTWAIT);
		if (got == 1 && word == HOLD_GO)
			return NULL;
		// what the host sends at once is there at once
		if (got == 1 && word == HOLD_ORDER &&
		    recv(fd, &order, sizeof(order), MSG_DONTWAIT) == sizeof(order) &&
		    walk_order(fd, &order, instant))
			continue;
		if (got == 1)
			return "holds: the host said what is no word of this channel";
		if (!got || (errno != EINTR && errno != EAGAIN))
			return "holds: the host's end of the channel is closed";
	}
}

void hold_guest(struct plugin *plugin, unsigned number, struct instant *instant)
{
	struct hold *hold = &plugin->hold;
	struct held held = {.magic = HOLD_MAGIC, .probe = number, .cpu = instant->cpu};
	const char *why;

	if (hold->fd < 0)
		return;
	held.hit = plugin->output.probes[number].hits;
	for (unsigned i = 0; i < REGISTERS; i++)
		held.registers[i] = instant_register(instant, i);
	// the host takes one word at a time, so there is room for this
	if (send(hold->fd, &held, sizeof(held), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(held))
		why = "holds: the host's end of the channel is closed";
	else
		why = wait_for_host(hold->fd, plugin->watch.header.hold_ms, instant);
	if (!why)
		return;
	output_say(&plugin->output, why);
	close(hold->fd);
	hold->fd = -1;
}

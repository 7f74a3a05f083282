// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "uevents.h"

#include <errno.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define KERNEL_GROUP 1
#define MESSAGE_MAX 8192

int uevents_open(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

void uevents_drain(int fd)
{
	char message[MESSAGE_MAX];

	/* An overrun is no loss: what matters is that something came. */
	while (recv(fd, message, sizeof(message), 0) >= 0 || errno == ENOBUFS)
		;
}

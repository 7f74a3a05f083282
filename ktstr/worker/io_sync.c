// SPDX-License-Identifier: Apache-2.0
/*
 * IoSync: writes 16 blocks of 4 KiB to an unnamed file of its own on /tmp, then sleeps 100 us as
 * it would wait for a device.  A block is one work unit.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "worker.h"

#define BLOCKS 16
#define BLOCK_SIZE 4096
#define DEVICE_NS 100000

int io_sync_prepare(struct worker *w)
{
	w->fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return w->fd < 0 ? -errno : 0;
}

void io_sync_step(struct worker *w)
{
	static const char block[BLOCK_SIZE];

	if (ftruncate(w->fd, 0) < 0 || lseek(w->fd, 0, SEEK_SET) < 0) {
		worker_error(w, "cannot rewind the file: %s", strerror(errno));
		w->finished = true;
		return;
	}
	for (int i = 0; i < BLOCKS; i++) {
		if (write(w->fd, block, sizeof(block)) != sizeof(block)) {
			worker_error(w, "cannot write 4096 bytes to /tmp: %s", strerror(errno));
			w->finished = true;
			return;
		}
		w->m.work_units++;
		loop_tick(w);
	}
	loop_sleep_until(w, w->last_ns + DEVICE_NS);
}

const struct work_type io_sync = {
	.name = "IoSync", .group_size = 1, .prepare = io_sync_prepare, .step = io_sync_step};

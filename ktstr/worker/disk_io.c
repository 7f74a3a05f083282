// SPDX-License-Identifier: Apache-2.0
/* Synced writes to a file on a disk, and reads of random blocks of a disk's device. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "random.h"
#include "worker.h"

/* A page: no disk has larger logical blocks, which O_DIRECT aligns to. */
#define ALIGNMENT 4096

static size_t block_size(const struct worker *w)
{
	return (size_t)w->opt.block_kb * 1024;
}

static int make_block(struct worker *w)
{
	int error = posix_memalign((void **)&w->block, ALIGNMENT, block_size(w));

	if (!error)
		memset(w->block, 'k', block_size(w));
	return -error;
}

static int refuse(struct worker *w, const char *what, const char *path)
{
	int error = errno;

	worker_error(w, "cannot %s (%s): %s", what, strerror(error), path);
	return -error;
}

static void fail(struct worker *w, const char *what, const char *path)
{
	worker_error(w, "cannot %s (%s): %s", what, strerror(errno), path);
	w->finished = true;
}

/* The agent removes the file: a worker that is killed could not. */
int disk_prepare_write(struct worker *w)
{
	w->fd = open(w->opt.file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	return w->fd < 0 ? refuse(w, "make", w->opt.file) : make_block(w);
}

void disk_write_and_sync(struct worker *w)
{
	uint64_t before = loop_tick(w);

	for (int64_t i = 0; i < w->opt.blocks; i++) {
		off_t offset = (off_t)block_size(w) * i;
		ssize_t written = pwrite(w->fd, w->block, block_size(w), offset);

		if (written != (ssize_t)block_size(w)) {
			errno = written < 0 ? errno : ENOSPC;
			fail(w, "write", w->opt.file);
			return;
		}
		w->m.work_units++;
	}
	if (fsync(w->fd) < 0) {
		fail(w, "sync", w->opt.file);
		return;
	}
	loop_io_done(w, before);
}

int disk_prepare_read(struct worker *w)
{
	off_t size;

	w->fd = open(w->opt.device, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (w->fd < 0)
		return refuse(w, "read past the page cache", w->opt.device);
	size = lseek(w->fd, 0, SEEK_END);
	if (size < (off_t)block_size(w)) {
		worker_error(w, "%lld bytes are less than a block: %s", (long long)size,
			     w->opt.device);
		return -EINVAL;
	}
	w->phase_ns = (uint64_t)size / block_size(w); /* how many blocks there are */
	return make_block(w);
}

void disk_read_random(struct worker *w)
{
	off_t offset = (off_t)(random_next(w) % w->phase_ns * block_size(w));
	uint64_t before = loop_tick(w);
	ssize_t got = pread(w->fd, w->block, block_size(w), offset);

	if (got != (ssize_t)block_size(w)) {
		errno = got < 0 ? errno : EIO;
		fail(w, "read", w->opt.device);
		return;
	}
	w->m.work_units++;
	loop_io_done(w, before);
}

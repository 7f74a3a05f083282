// SPDX-License-Identifier: Apache-2.0
/* Synced writes to a file on a disk, reads of random blocks of its device, writes to /tmp. */
#include "steps/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "steps/random.h"

/* A page: no disk has larger logical blocks, which O_DIRECT aligns to. */
#define ALIGNMENT 4096
/* Of what is written to /tmp. */
#define TMP_BLOCKS 16
#define TMP_BLOCK_SIZE 4096
#define DEVICE_NS 100000

static int make_block(struct worker *w)
{
	int error = posix_memalign((void **)&w->block, ALIGNMENT, w->block_size);

	if (!error)
		memset(w->block, 'k', w->block_size);
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
int io_prepare_write(struct worker *w, int64_t block_kb)
{
	w->block_size = (size_t)block_kb * 1024;
	w->fd = open(w->opt.file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	return w->fd < 0 ? refuse(w, "make", w->opt.file) : make_block(w);
}

void io_write_and_sync(struct worker *w, int64_t blocks)
{
	uint64_t before = loop_tick(w);

	for (int64_t i = 0; i < blocks; i++) {
		off_t offset = (off_t)w->block_size * i;
		ssize_t written = pwrite(w->fd, w->block, w->block_size, offset);

		if (written != (ssize_t)w->block_size) {
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

int io_prepare_read(struct worker *w, int64_t block_kb)
{
	off_t size;

	w->block_size = (size_t)block_kb * 1024;
	w->fd = open(w->opt.device, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (w->fd < 0)
		return refuse(w, "read past the page cache", w->opt.device);
	size = lseek(w->fd, 0, SEEK_END);
	if (size < (off_t)w->block_size) {
		worker_error(w, "%lld bytes are less than a block: %s", (long long)size,
			     w->opt.device);
		return -EINVAL;
	}
	w->phase_ns = (uint64_t)size / w->block_size; /* how many blocks there are */
	return make_block(w);
}

void io_read_random(struct worker *w)
{
	off_t offset = (off_t)(random_next(w) % w->phase_ns * w->block_size);
	uint64_t before = loop_tick(w);
	ssize_t got = pread(w->fd, w->block, w->block_size, offset);

	if (got != (ssize_t)w->block_size) {
		errno = got < 0 ? errno : EIO;
		fail(w, "read", w->opt.device);
		return;
	}
	w->m.work_units++;
	loop_io_done(w, before);
}

int io_prepare_tmp(struct worker *w)
{
	w->fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return w->fd < 0 ? -errno : 0;
}

void io_write_tmp(struct worker *w)
{
	static const char block[TMP_BLOCK_SIZE];

	if (ftruncate(w->fd, 0) < 0 || lseek(w->fd, 0, SEEK_SET) < 0) {
		worker_error(w, "cannot rewind the file: %s", strerror(errno));
		w->finished = true;
		return;
	}
	for (int i = 0; i < TMP_BLOCKS; i++) {
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

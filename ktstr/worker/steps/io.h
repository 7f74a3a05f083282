/* SPDX-License-Identifier: Apache-2.0 */
/* I/O that takes time: on a disk, in blocks of w->block_size, and on /tmp. */
#ifndef KTSTR_WORKER_IO_H
#define KTSTR_WORKER_IO_H

#include "worker.h"

/* Makes the file that the worker writes, and the first block of @block_kb KiB. */
int io_prepare_write(struct worker *w, int64_t block_kb);

/* Writes the same @blocks blocks, and waits until they are on the disk: one I/O. */
void io_write_and_sync(struct worker *w, int64_t blocks);

/* Opens the device that the worker reads, in blocks of @block_kb KiB. */
int io_prepare_read(struct worker *w, int64_t block_kb);

/* Reads a random block past the page cache: one I/O. */
void io_read_random(struct worker *w);

/* Makes an unnamed file on /tmp. */
int io_prepare_tmp(struct worker *w);

/* Writes 16 blocks of 4 KiB to it, then sleeps 100 us as it would wait for a device. */
void io_write_tmp(struct worker *w);

#endif

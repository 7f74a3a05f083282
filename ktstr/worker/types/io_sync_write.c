// SPDX-License-Identifier: Apache-2.0
/*
 * IoSyncWrite: writes `blocks` blocks of block_kb KiB to a file of its own on a disk, always the
 * same ones, and waits until they are there (fsync).  A block is one work unit; the latency of an
 * I/O is the time from before the first write until the sync is done.
 */
#include "steps/io.h"

PARAMS(block_kb, blocks);

static int prepare(struct worker *w)
{
	return io_prepare_write(w, PARAM(w, block_kb));
}

static void step(struct worker *w)
{
	io_write_and_sync(w, PARAM(w, blocks));
}

WORK_TYPE(IoSyncWrite, .params = PARAM_NAMES, .group_size = 1, .prepare = prepare, .step = step);

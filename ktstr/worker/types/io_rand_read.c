// SPDX-License-Identifier: Apache-2.0
/*
 * IoRandRead: reads random blocks of block_kb KiB of a disk's device past the page cache
 * (O_DIRECT), so that every one is the disk's work.  A block is one work unit and one I/O.
 */
#include "steps/io.h"

PARAMS(block_kb);

static int prepare(struct worker *w)
{
	return io_prepare_read(w, PARAM(w, block_kb));
}

WORK_TYPE(IoRandRead, .params = PARAM_NAMES, .group_size = 1, .prepare = prepare,
	  .step = io_read_random);

// SPDX-License-Identifier: Apache-2.0
/*
 * IoConvoy: pairs on one disk.  The first of a pair writes and syncs like IoSyncWrite, the second
 * reads like IoRandRead, and its reads queue behind the other's flushes.  They run on their own:
 * neither waits for the other but in the disk's queue.
 */
#include "steps/io.h"

PARAMS(block_kb, blocks);

static int prepare(struct worker *w)
{
	return w->member ? io_prepare_read(w, PARAM(w, block_kb))
			 : io_prepare_write(w, PARAM(w, block_kb));
}

static void step(struct worker *w)
{
	if (w->member)
		io_read_random(w);
	else
		io_write_and_sync(w, PARAM(w, blocks));
}

WORK_TYPE(IoConvoy, .params = PARAM_NAMES, .group_size = 2, .prepare = prepare, .step = step);

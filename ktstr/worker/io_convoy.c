// SPDX-License-Identifier: Apache-2.0
/*
 * IoConvoy: pairs on one disk.  The first of a pair writes and syncs like IoSyncWrite, the second
 * reads like IoRandRead, and its reads queue behind the other's flushes.  They run on their own:
 * neither waits for the other but in the disk's queue.
 */
#include "worker.h"

static int prepare(struct worker *w)
{
	return w->member ? disk_prepare_read(w) : disk_prepare_write(w);
}

static void step(struct worker *w)
{
	if (w->member)
		disk_read_random(w);
	else
		disk_write_and_sync(w);
}

const struct work_type io_convoy = {
	.name = "IoConvoy", .group_size = 2, .prepare = prepare, .step = step};

// SPDX-License-Identifier: Apache-2.0
/*
 * IoSyncWrite: writes `blocks` blocks of block_kb KiB to a file of its own on a disk, always the
 * same ones, and waits until they are there (fsync).  A block is one work unit; the latency of an
 * I/O is the time from before the first write until the sync is done.
 */
#include "worker.h"

const struct work_type io_sync_write = {.name = "IoSyncWrite",
					.group_size = 1,
					.prepare = disk_prepare_write,
					.step = disk_write_and_sync};

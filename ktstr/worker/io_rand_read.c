// SPDX-License-Identifier: Apache-2.0
/*
 * IoRandRead: reads random blocks of block_kb KiB of a disk's device past the page cache
 * (O_DIRECT), so that every one is the disk's work.  A block is one work unit and one I/O.
 */
#include "worker.h"

const struct work_type io_rand_read = {.name = "IoRandRead",
				       .group_size = 1,
				       .prepare = disk_prepare_read,
				       .step = disk_read_random};

// SPDX-License-Identifier: Apache-2.0
/*
 * IoSync: writes 16 blocks of 4 KiB to an unnamed file of its own on /tmp, then sleeps 100 us as
 * it would wait for a device.  A block is one work unit.
 */
#include "steps/io.h"

WORK_TYPE(IoSync, .group_size = 1, .prepare = io_prepare_tmp, .step = io_write_tmp);

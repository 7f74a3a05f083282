// SPDX-License-Identifier: Apache-2.0
/*
 * IdleChurn: Bursty at its shortest, so that CPUs go in and out of idle all the time.  It stresses
 * the way in and out of idle, and placement on CPUs that are about to leave it.  Its wake latency
 * is that of Bursty.
 */
#include "worker.h"

const struct work_type idle_churn = {.name = "IdleChurn", .group_size = 1, .step = bursty_step};

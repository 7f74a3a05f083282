/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock of a group: a futex word that whoever comes first takes, also before one who was woken for
 * it.  Who lets it go wakes the next who waits.
 */
#ifndef KTSTR_WORKER_MUTEX_H
#define KTSTR_WORKER_MUTEX_H

#include "worker.h"

/* Takes the lock; false if told to stop before that. */
bool mutex_lock(struct worker *w);

void mutex_unlock(struct worker *w);

#endif

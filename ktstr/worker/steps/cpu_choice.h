/* SPDX-License-Identifier: Apache-2.0 */
/* Binding a task to one random CPU of those it may use. */
#ifndef KTSTR_WORKER_CPU_CHOICE_H
#define KTSTR_WORKER_CPU_CHOICE_H

#include "worker.h"

/*
 * Binds the task @tid (0: the caller) to a random CPU of those that the affinity it was given and
 * its cpuset have in common.  The worker ends where the kernel refuses.
 */
void cpu_choice_bind(struct worker *w, pid_t tid);

#endif

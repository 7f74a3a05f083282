/* SPDX-License-Identifier: Apache-2.0 */
/* Requests within a group: a worker asks and waits until one of those who serve has served it. */
#ifndef KTSTR_WORKER_REQUESTS_H
#define KTSTR_WORKER_REQUESTS_H

#include "worker.h"

/* Asks the workers @from to @to - 1 to serve this one, and waits for it; false if told to stop. */
bool requests_ask(struct worker *w, unsigned int from, unsigned int to);

/* The worker among @from to @to - 1 that asked, now this one's to serve; waits for one, NULL: stop.
 */
struct shared_slot *requests_take(struct worker *w, unsigned int from, unsigned int to);

/* The worker of @slot is served: it goes on. */
void requests_answer(struct worker *w, struct shared_slot *slot);

#endif

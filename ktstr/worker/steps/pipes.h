/* SPDX-License-Identifier: Apache-2.0 */
/* A pair that hands one byte to and fro through two pipes. */
#ifndef KTSTR_WORKER_PIPES_H
#define KTSTR_WORKER_PIPES_H

#include "worker.h"

/* Sends the byte to the partner; the time of it is what the partner's wake latency counts from. */
void pipes_send(struct worker *w);

/* Waits for the byte; false if told to stop, or the partner is gone. */
bool pipes_receive(struct worker *w);

/* A turn of a pair of which the first begins: @burst is what each does while it has the byte. */
void pipes_turn(struct worker *w, void (*burst)(struct worker *w));

#endif

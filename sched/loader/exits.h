/* SPDX-License-Identifier: Apache-2.0 */
/* Where a scheduler leaves how it ended: the ring buffer `scx_exit_events` of "scx.bpf.h", or else
 * the variable of UEI_DEFINE.
 */
#ifndef KTSTR_LOADER_EXITS_H
#define KTSTR_LOADER_EXITS_H

#include <stdbool.h>
#include <bpf/libbpf.h>
#include "exit_report.h"

#define EXIT_MAP "scx_exit_events"

typedef void take_exit_fn(void *context, const struct exit_words *words);

struct exits;

/* Whether the object has one of the two. */
bool exits_are_there(const struct bpf_object *object);

/* After the load: `take` is called with each end that exits_read finds. NULL where that cannot be
 * learned, with a message on stderr.
 */
struct exits *exits_open(const struct bpf_object *object, take_exit_fn *take, void *context);

/* A file descriptor that is readable once the scheduler has ended; maybe at other times, too. */
int exits_fd(const struct exits *exits);

/* Reads what is there. A variable that was written is found each time. */
void exits_read(struct exits *exits);

/* NULL is taken, too. */
void exits_close(struct exits *exits);

#endif

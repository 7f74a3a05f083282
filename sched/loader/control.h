/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that arrive on standard input while the scheduler runs. */
#ifndef KTSTR_LOADER_CONTROL_H
#define KTSTR_LOADER_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include "session.h"

#define CONTROL_LINE_MAX 4096

/* Bytes read that are not a whole line yet. */
struct control {
	char line[CONTROL_LINE_MAX];
	size_t length;
	bool overlong; /* the line in progress exceeds CONTROL_LINE_MAX; its rest is dropped */
};

/* Reads what is there on `fd` and answers every whole line on standard output:
 * `set NAME VALUE` and `stat` with `ok` or `error TEXT` as the last line,
 * `get NAME` with `ok VALUE` or `error TEXT`, `quit` with nothing.
 * Returns false when it is time to go: `quit`, end of file or a read error.
 */
bool control_read(struct control *control, int fd, struct session *session);

#endif

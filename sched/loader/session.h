/* SPDX-License-Identifier: Apache-2.0 */
/* One scheduler from its object file to its end. */
#ifndef KTSTR_LOADER_SESSION_H
#define KTSTR_LOADER_SESSION_H

#include <stdbool.h>
#include <bpf/libbpf.h>

/* Exit codes of scx-loader. */
enum outcome {
	OUTCOME_CLEAN = 0,
	OUTCOME_USAGE = 1,
	OUTCOME_NOT_LOADED = 2,
	OUTCOME_EJECTED = 3,
	OUTCOME_NOT_ATTACHED = 4,
	/* Not an ending: go on. */
	OUTCOME_NONE = -1,
};

struct session;

/* Opens the object without loading it; needs no privilege. */
enum outcome session_open(const char *path, struct session **session);

#define SESSION_ERROR_MAX 4096

/* Sets a variable by `NAME` or a member of sched_ext_ops by `ops.NAME`. Where it cannot, writes why
 * to `error`, a buffer of SESSION_ERROR_MAX bytes, in one line without its end, and returns false.
 */
bool session_set(struct session *session, const char *name, const char *value, char *error);

#define SESSION_VALUE_MAX 256

/* Writes the value of a global variable, in the form that session_set takes, to `value`, a buffer
 * of SESSION_VALUE_MAX bytes. Where it cannot, does as session_set does.
 */
bool session_get(struct session *session, const char *name, char *value, char *error);

/* Whether one of the object's sched_ext_ops has this name, in which `*` stands for any text; lists
 * them on stderr where none has.
 */
bool session_has_ops(struct session *session, const char *pattern);

/* Prints a `stat NAME=VALUE` line for every variable that the object may write. */
void session_print_stats(const struct session *session);

/* Loads, attaches tracing programs and then every struct_ops map, printing `attached` lines, and
 * before them what the verifier says of each program, if asked.
 */
enum outcome session_attach(struct session *session, bool verifier);

/* A file descriptor that is readable once the scheduler has ended. */
int session_exit_fd(const struct session *session);

/* Reads the exit record if there is one, and prints it. OUTCOME_NONE while there is none. */
enum outcome session_collect_exit(struct session *session);

/* Detaches and frees everything; prints the exit record if it was not printed yet. */
enum outcome session_close(struct session *session);

#endif

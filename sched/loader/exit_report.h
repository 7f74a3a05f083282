/* SPDX-License-Identifier: Apache-2.0 */
/* How a scheduler ended: from the record its BPF side leaves to the lines on standard output. */
#ifndef KTSTR_LOADER_EXIT_REPORT_H
#define KTSTR_LOADER_EXIT_REPORT_H

#include <stdbool.h>
#include <stdio.h>
#include <bpf/libbpf.h>

/* The members of struct scx_exit_info; the texts end in a NUL. */
struct exit_words {
	int kind;
	long long code;
	const char *reason;
	const char *message;
	const char *dump;
};

/* Whether the end was asked for by user space (SCX_EXIT_UNREG), not decided by the kernel. */
bool exit_is_clean(const struct exit_words *words);

/* Prints the `exit` line, and the debug dump between `dump-begin` and `dump-end` if there is one.
 * The name of the kind comes from the enum scx_exit_kind that the object was compiled against, or
 * the running kernel's where the object does not carry it.
 */
void exit_print(FILE *out, const struct bpf_object *object, const struct exit_words *words);

#endif

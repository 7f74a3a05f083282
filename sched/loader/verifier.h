/* SPDX-License-Identifier: Apache-2.0 */
/* What the verifier says of each program that it takes. */
#ifndef KTSTR_LOADER_VERIFIER_H
#define KTSTR_LOADER_VERIFIER_H

#include <stdbool.h>
#include <bpf/libbpf.h>

/* Before the load: asks for the verifier's figures, and for no more of its log. False without
 * memory, with a message on stderr.
 */
bool verifier_ask(struct bpf_object *object);

/* After the load, well or not: frees what verifier_ask took. `told`: prints a line
 * `verified PROGRAM WORDS` for each line that the verifier said of a program.
 */
void verifier_end(struct bpf_object *object, bool told);

#endif

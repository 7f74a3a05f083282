/* SPDX-License-Identifier: Apache-2.0 */
/* How many elements an array has that its object lets user space choose: RESIZABLE_ARRAY of
 * scx/common.bpf.h (tools/sched_ext/include in the kernel's tree, 6.12 to 7.2), an array of one
 * element alone in the section .SECTION.NAME.
 */
#ifndef KTSTR_LOADER_LENGTHS_H
#define KTSTR_LOADER_LENGTHS_H

#include <stdbool.h>
#include <bpf/libbpf.h>

/* Whether a name of a setting means a length: `NAME[]`. */
bool length_is_meant(const char *name);

/* Before the load: gives the array that `NAME[]` means as many elements as the text says, a decimal
 * number or "possible_cpus". Returns NULL, or in words why it cannot.
 */
const char *length_set(const struct bpf_object *object, const char *name, const char *text);

#endif

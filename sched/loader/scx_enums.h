/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the running kernel's enums for sources that ask for them: newer trees of the kernel
 * have constants `__SCX_NAME` (scx/enums.autogen.bpf.h), which a scheduler's user space fills in.
 */
#ifndef KTSTR_LOADER_SCX_ENUMS_H
#define KTSTR_LOADER_SCX_ENUMS_H

#include <stdbool.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* Before the load: gives every constant `__SCX_NAME` that is 0 the value of the enumerator SCX_NAME
 * in `kernel`; those that the kernel does not have stay 0.
 */
void scx_enums_fill(const struct bpf_object *object, const struct btf *kernel);

/* Whether the object has such a constant. */
bool scx_enums_are_asked(const struct bpf_object *object);

#endif

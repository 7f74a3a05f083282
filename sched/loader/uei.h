/* SPDX-License-Identifier: Apache-2.0 */
/* The exit record of schedulers written as the kernel's own are: a variable of the type struct
 * user_exit_info, which UEI_DEFINE makes and UEI_RECORD fills (tools/sched_ext/include/scx in the
 * kernel's tree, 6.12 to 7.2).
 */
#ifndef KTSTR_LOADER_UEI_H
#define KTSTR_LOADER_UEI_H

#include <stdbool.h>
#include <stdint.h>
#include <bpf/libbpf.h>
#include "exit_report.h"

/* Whether the object has such a variable. */
bool uei_is_there(const struct bpf_object *object);

/* Before the load: makes room for a debug dump of `dump_len` bytes. False where it cannot, with a
 * message on stderr; an object without a dump is left as it is.
 */
bool uei_make_room(struct bpf_object *object, uint32_t dump_len);

/* After the load: reads how the scheduler ended; false while it has not. The texts belong to the
 * object.
 */
bool uei_read(const struct bpf_object *object, struct exit_words *words);

#endif

// SPDX-License-Identifier: Apache-2.0
/* The work types by the names that ktstr/model/work.py gives them. */
#include <string.h>

#include "worker.h"

static const struct work_type *const TYPES[] = {
	&cpu_spin,	  &yield_heavy, &mixed,		&bursty,       &pipe_io,
	&futex_ping_pong, &io_sync,	&io_sync_write, &io_rand_read, &io_convoy,
};

const struct work_type *work_type_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
		if (!strcmp(TYPES[i]->name, name))
			return TYPES[i];
	}
	return NULL;
}

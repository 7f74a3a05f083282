// SPDX-License-Identifier: Apache-2.0
/* The work types of this program: each puts itself here by WORK_TYPE of work_type.h. */
#include <stdio.h>
#include <string.h>

#include "worker.h"

/* Bounds of the section, which the linker makes. */
extern const struct work_type *const __start_ktstr_work_types[];
extern const struct work_type *const __stop_ktstr_work_types[];

const struct work_type *work_type_by_name(const char *name)
{
	for (const struct work_type *const *type = __start_ktstr_work_types;
	     type < __stop_ktstr_work_types; type++) {
		if (!strcmp((*type)->name, name))
			return *type;
	}
	return NULL;
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

void work_types_print(FILE *out)
{
	for (const struct work_type *const *type = __start_ktstr_work_types;
	     type < __stop_ktstr_work_types; type++)
		fprintf(out, "%s:%u:%s:%s\n", (*type)->name, (*type)->group_size,
			or_nothing((*type)->params), or_nothing((*type)->texts));
}

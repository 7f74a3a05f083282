// SPDX-License-Identifier: Apache-2.0
#include "scx_enums.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "globals.h"

#define CONSTANT "__SCX_"

static bool is_asked(const struct global *global);
static void note_asked(const struct global *global, void *asked);
static void fill(const struct global *global, void *kernel);
static bool find_enumerator(const struct btf *kernel, const char *name, uint64_t *value);

bool scx_enums_are_asked(const struct bpf_object *object)
{
	bool asked = false;

	globals_visit(object, note_asked, &asked);
	return asked;
}

void scx_enums_fill(const struct bpf_object *object, const struct btf *kernel)
{
	globals_visit(object, fill, (void *)kernel);
}

static bool is_asked(const struct global *global)
{
	uint64_t value;

	if (!global->is_const || strncmp(global->name, CONSTANT, strlen(CONSTANT)) ||
	    global->size != sizeof(value))
		return false;
	memcpy(&value, global->data, sizeof(value));
	return !value;
}

static void note_asked(const struct global *global, void *asked)
{
	*(bool *)asked |= is_asked(global);
}

static void fill(const struct global *global, void *kernel)
{
	uint64_t value;

	if (is_asked(global) && find_enumerator(kernel, global->name + strlen("__"), &value))
		memcpy(global->data, &value, sizeof(value));
}

static bool find_enumerator(const struct btf *kernel, const char *name, uint64_t *value)
{
	__u32 id;

	for (id = 1; id < btf__type_cnt(kernel); id++) {
		const struct btf_type *type = btf__type_by_id(kernel, id);
		int i;

		if (!btf_is_any_enum(type) ||
		    strncmp(btf__name_by_offset(kernel, type->name_off), "scx_", strlen("scx_")))
			continue;
		for (i = 0; i < btf_vlen(type); i++) {
			bool wide = btf_is_enum64(type);
			__u32 name_off =
				wide ? btf_enum64(type)[i].name_off : btf_enum(type)[i].name_off;

			if (strcmp(btf__name_by_offset(kernel, name_off), name))
				continue;
			*value = wide ? btf_enum64_value(&btf_enum64(type)[i])
				      : (uint64_t)btf_enum(type)[i].val;
			return true;
		}
	}
	return false;
}

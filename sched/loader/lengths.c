// SPDX-License-Identifier: Apache-2.0
#include "lengths.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "globals.h"

#define SUFFIX "[]"
#define NAME_MAX_LEN 256
#define LENGTH_MAX 65536

static struct bpf_map *find_array(const struct bpf_object *object, const char *name,
				  size_t *element);

bool length_is_meant(const char *name)
{
	size_t length = strlen(name);

	return length > strlen(SUFFIX) && !strcmp(name + length - strlen(SUFFIX), SUFFIX);
}

const char *length_set(const struct bpf_object *object, const char *name, const char *text)
{
	char bare[NAME_MAX_LEN];
	struct bpf_map *map;
	size_t element = 0;
	uint64_t count;

	snprintf(bare, sizeof(bare), "%.*s", (int)(strlen(name) - strlen(SUFFIX)), name);
	map = find_array(object, bare, &element);
	if (!map)
		return "it is no RESIZABLE_ARRAY";
	if (!global_read_count(text, &count) || !count || count > LENGTH_MAX)
		return "a length is a number from 1 to 65536, or possible_cpus";
	if (bpf_map__set_value_size(map, count * element))
		return "libbpf does not resize it";
	return NULL;
}

/* The map of the array's section, and the bytes of one element; NULL where there is none. */
static struct bpf_map *find_array(const struct bpf_object *object, const char *name,
				  size_t *element)
{
	static const char *const sections[] = {"data", "rodata", "bss"};
	struct global found;
	size_t i;

	if (!globals_find(object, name, &found, 1) || !btf_is_array(found.type))
		return NULL;
	*element = btf__resolve_size(found.btf, btf_array(found.type)->type);
	for (i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		char section[NAME_MAX_LEN + 16];
		struct bpf_map *map;

		snprintf(section, sizeof(section), ".%s.%s", sections[i], name);
		map = bpf_object__find_map_by_name(object, section);
		if (map)
			return map;
	}
	return NULL;
}

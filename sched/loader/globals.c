// SPDX-License-Identifier: Apache-2.0
#include "globals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPS_PREFIX "ops."
#define OPS_STRUCT "sched_ext_ops"
#define POSSIBLE_CPUS "possible_cpus"
#define ARENA_SECTION ".addr_space.1" /* as clang and libbpf call it */

struct search {
	const char *name;
	struct global *found;
	size_t max;
	size_t count;
};

/* 0: as many as the kernel says. */
static int assumed_cpus;

static void visit_section(const struct bpf_object *object, const struct bpf_map *map,
			  void (*visit)(const struct global *, void *), void *context);
static const struct btf_type *section_of(const struct bpf_object *object,
					 const struct bpf_map *map);
/* The variables of a map; NULL for one that holds none. */
static const struct btf_type *section_of(const struct bpf_object *object, const struct bpf_map *map)
{
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_type *section;
	__s32 id = 0;

	/* libbpf names internal maps OBJECT.bss, OBJECT.data.X, and has no public type. */
	if (bpf_map__is_internal(map))
		id = bpf_map__btf_value_type_id(map);
	else if (bpf_map__type(map) == BPF_MAP_TYPE_ARENA)
		id = btf__find_by_name_kind(btf, ARENA_SECTION, BTF_KIND_DATASEC);
	section = id > 0 ? btf__type_by_id(btf, id) : NULL;
	return section && btf_is_datasec(section) ? section : NULL;
}

static void keep_match(const struct global *global, void *context);
static void find_member(const struct bpf_object *object, struct search *search);
static const struct btf_type *resolve(const struct btf *btf, __u32 id);
static bool is_text(const struct global *global);
static bool is_integer(const struct global *global, bool *is_signed);
static const char *set_integer(const struct global *global, bool is_signed, const char *text);

size_t globals_find(const struct bpf_object *object, const char *name, struct global *found,
		    size_t max)
{
	struct search search = {.name = name, .found = found, .max = max};

	if (!strncmp(name, OPS_PREFIX, strlen(OPS_PREFIX))) {
		search.name += strlen(OPS_PREFIX);
		find_member(object, &search);
	} else {
		globals_visit(object, keep_match, &search);
	}
	return search.count;
}

void globals_visit(const struct bpf_object *object, void (*visit)(const struct global *, void *),
		   void *context)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		visit_section(object, map, visit, context);
}

const char *global_set(const struct global *global, const char *text)
{
	bool is_signed;

	if (is_text(global)) {
		if (strlen(text) >= global->size)
			return "the text is too long";
		memset(global->data, 0, global->size);
		memcpy(global->data, text, strlen(text));
		return NULL;
	}
	if (btf_is_int(global->type) && btf_int_encoding(global->type) == BTF_INT_BOOL) {
		if (!strcmp(text, "true") || !strcmp(text, "1"))
			*(bool *)global->data = true;
		else if (!strcmp(text, "false") || !strcmp(text, "0"))
			*(bool *)global->data = false;
		else
			return "it takes true or false";
		return NULL;
	}
	if (!is_integer(global, &is_signed))
		return "it is no integer, boolean or text";
	return set_integer(global, is_signed, text);
}

void globals_assume_cpus(int cpus)
{
	assumed_cpus = cpus;
}

bool global_read_count(const char *text, uint64_t *count)
{
	struct global global = {.data = count, .size = sizeof(*count)};

	return !set_integer(&global, false, text);
}

bool global_format(const struct global *global, char *text, size_t size)
{
	bool is_signed;
	uint64_t value = 0;

	if (is_text(global)) {
		snprintf(text, size, "%.*s", (int)global->size, (const char *)global->data);
		return true;
	}
	if (!is_integer(global, &is_signed))
		return false;
	/* x86 is little-endian: the low bytes come first. */
	memcpy(&value, global->data, global->size);
	if (btf_is_int(global->type) && btf_int_encoding(global->type) == BTF_INT_BOOL) {
		snprintf(text, size, "%s", value ? "true" : "false");
	} else if (is_signed) {
		unsigned int shift = 64 - 8 * global->size;

		snprintf(text, size, "%" PRId64, (int64_t)(value << shift) >> shift);
	} else {
		snprintf(text, size, "%" PRIu64, value);
	}
	return true;
}

static void visit_section(const struct bpf_object *object, const struct bpf_map *map,
			  void (*visit)(const struct global *, void *), void *context)
{
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_type *section = section_of(object, map);
	size_t size;
	char *data = section ? bpf_map__initial_value(map, &size) : NULL;
	int i;

	if (!data)
		return;
	for (i = 0; i < btf_vlen(section); i++) {
		const struct btf_var_secinfo *info = btf_var_secinfos(section) + i;
		const struct btf_type *var = btf__type_by_id(btf, info->type);
		struct global global = {
			.name = btf__name_by_offset(btf, var->name_off),
			.btf = btf,
			.type = resolve(btf, var->type),
			.data = data + info->offset,
			.size = info->size,
			.is_const = bpf_map__map_flags(map) & BPF_F_RDONLY_PROG,
		};

		if (info->offset + info->size <= size)
			visit(&global, context);
	}
}

static void keep_match(const struct global *global, void *context)
{
	struct search *search = context;

	if (search->count < search->max && !strcmp(global->name, search->name))
		search->found[search->count++] = *global;
}

static void find_member(const struct bpf_object *object, struct search *search)
{
	const struct btf *btf = bpf_object__btf(object);
	__s32 id = btf__find_by_name_kind(btf, OPS_STRUCT, BTF_KIND_STRUCT);
	const struct btf_type *ops = id > 0 ? btf__type_by_id(btf, id) : NULL;
	const struct bpf_map *map;
	int i;

	for (i = 0; ops && i < btf_vlen(ops); i++) {
		const struct btf_member *member = btf_members(ops) + i;

		if (strcmp(btf__name_by_offset(btf, member->name_off), search->name))
			continue;
		bpf_object__for_each_map(map, object) {
			size_t size;
			char *data;

			if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
				continue;
			data = bpf_map__initial_value(map, &size);
			if (!data || size != ops->size || search->count == search->max)
				continue;
			search->found[search->count++] = (struct global){
				.name = search->name,
				.btf = btf,
				.type = resolve(btf, member->type),
				.data = data + btf_member_bit_offset(ops, i) / 8,
				.size = btf__resolve_size(btf, member->type),
				.is_const = true,
			};
		}
	}
}

static const struct btf_type *resolve(const struct btf *btf, __u32 id)
{
	int resolved = btf__resolve_type(btf, id);

	return btf__type_by_id(btf, resolved > 0 ? resolved : 0);
}

static bool is_text(const struct global *global)
{
	const struct btf_type *element;

	if (!btf_is_array(global->type))
		return false;
	element = resolve(global->btf, btf_array(global->type)->type);
	return btf_is_int(element) && element->size == 1;
}

static bool is_integer(const struct global *global, bool *is_signed)
{
	const struct btf_type *type = global->type;

	if (global->size > 8)
		return false;
	if (btf_is_int(type))
		*is_signed = btf_int_encoding(type) & BTF_INT_SIGNED;
	else if (btf_is_any_enum(type))
		*is_signed = btf_kflag(type);
	else
		return false;
	return true;
}

static const char *set_integer(const struct global *global, bool is_signed, const char *text)
{
	unsigned int bits = 8 * global->size;
	uint64_t value;
	char *end = "";

	errno = 0;
	if (!strcmp(text, POSSIBLE_CPUS)) {
		int cpus = assumed_cpus ?: libbpf_num_possible_cpus();

		if (cpus < 0)
			return "the kernel does not tell its possible CPUs";
		value = cpus;
		if (bits < 64 && value >> (bits - is_signed))
			errno = ERANGE;
	} else if (is_signed) {
		int64_t wide = strtoll(text, &end, 0);

		value = wide;
		if (bits < 64 && (wide < -(1LL << (bits - 1)) || wide >= 1LL << (bits - 1)))
			errno = ERANGE;
	} else {
		/* strtoull would wrap a negative number round. */
		value = strtoull(text, &end, 0);
		if (strchr(text, '-') || (bits < 64 && value >> bits))
			errno = ERANGE;
	}
	if (end == text || *end)
		return "it takes an integer";
	if (errno)
		return "the number does not fit";
	memcpy(global->data, &value, global->size);
	return NULL;
}

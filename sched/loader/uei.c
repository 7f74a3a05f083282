// SPDX-License-Identifier: Apache-2.0
#include "uei.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>
#include "globals.h"

#define UEI_STRUCT "user_exit_info"
#define NAME_MAX_LEN 256

struct search {
	struct global *found;
	bool there;
};

static bool find_info(const struct bpf_object *object, struct global *info);
static void keep_info(const struct global *global, void *context);
static bool find_dump(const struct bpf_object *object, const struct global *info,
		      const char *suffix, struct global *found);
static const void *member(const struct global *info, const char *name);

bool uei_is_there(const struct bpf_object *object)
{
	struct global info;

	return find_info(object, &info);
}

bool uei_make_room(struct bpf_object *object, uint32_t dump_len)
{
	char section[NAME_MAX_LEN];
	struct global info, length;
	struct bpf_map *map;
	int err;

	/* The BPF side takes this constant for the room that there is. */
	if (!find_info(object, &info) || !find_dump(object, &info, "_dump_len", &length))
		return true;
	snprintf(section, sizeof(section), ".data.%s_dump", info.name);
	map = bpf_object__find_map_by_name(object, section);
	if (!map || length.size != sizeof(dump_len))
		return true;
	err = bpf_map__set_value_size(map, dump_len);
	if (err) {
		fprintf(stderr, "scx-loader: no room for a dump of %u bytes in %s: %s\n", dump_len,
			section, strerror(-err));
		return false;
	}
	memcpy(length.data, &dump_len, sizeof(dump_len));
	return true;
}

bool uei_read(const struct bpf_object *object, struct exit_words *words)
{
	struct global info, dump;
	const void *kind, *code;

	if (!find_info(object, &info))
		return false;
	kind = member(&info, "kind");
	/* UEI_RECORD writes it last, with a barrier. */
	words->kind = kind ? __atomic_load_n((const int *)kind, __ATOMIC_ACQUIRE) : 0;
	if (!words->kind)
		return false;
	code = member(&info, "exit_code");
	words->code = 0;
	if (code)
		memcpy(&words->code, code, sizeof(words->code));
	words->reason = member(&info, "reason") ?: "";
	words->message = member(&info, "msg") ?: "";
	words->dump = find_dump(object, &info, "_dump", &dump) ? dump.data : "";
	return true;
}

static bool find_info(const struct bpf_object *object, struct global *info)
{
	struct search search = {.found = info};

	globals_visit(object, keep_info, &search);
	return search.there;
}

static void keep_info(const struct global *global, void *context)
{
	struct search *search = context;

	if (search->there || !btf_is_struct(global->type) ||
	    strcmp(btf__name_by_offset(global->btf, global->type->name_off), UEI_STRUCT))
		return;
	*search->found = *global;
	search->there = true;
}

/* The variable that has the info's name and this suffix. */
static bool find_dump(const struct bpf_object *object, const struct global *info,
		      const char *suffix, struct global *found)
{
	char name[NAME_MAX_LEN];

	snprintf(name, sizeof(name), "%s%s", info->name, suffix);
	return globals_find(object, name, found, 1);
}

/* Its members have grown with the kernel's versions: by name, not by place. */
static const void *member(const struct global *info, const char *name)
{
	int i;

	for (i = 0; i < btf_vlen(info->type); i++) {
		const struct btf_member *each = btf_members(info->type) + i;

		if (!strcmp(btf__name_by_offset(info->btf, each->name_off), name))
			return (const char *)info->data + btf_member_bit_offset(info->type, i) / 8;
	}
	return NULL;
}

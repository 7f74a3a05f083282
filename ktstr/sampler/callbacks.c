// SPDX-License-Identifier: Apache-2.0
/* The recorder at callbacks of schedulers, which are BPF programs themselves. */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "ktstr/sampler/recorder.h"
#include "ktstr/sampler/spells.h"

#define LONGEST_LINE 512
#define LINES_OF_A_SPELL 512

/* "address name", of programs that may be gone when it is told. */
static struct symbols {
	char *text;
	size_t size;
} symbols;

/* The number of the program's own function in its BTF; 0 where it has none. */
static __u32 function_of(int program, struct target *t)
{
	struct bpf_func_info function = {0};
	struct bpf_prog_info info = {
		.func_info = (__u64)(unsigned long)&function,
		.nr_func_info = 1,
		.func_info_rec_size = sizeof(function),
	};
	__u32 size = sizeof(info);

	if (bpf_prog_get_info_by_fd(program, &info, &size))
		return 0;
	snprintf(t->program, sizeof(t->program), "%.*s", (int)sizeof(info.name), info.name);
	return function.type_id;
}

/* CPU time up to which this process has made way for the tasks of the scheduler under test. */
static __u64 until_ns;

static bool stand_at_end(const struct bpf_object *object, const char *name, bool returns,
			 struct place place, int *error)
{
	enum bpf_attach_type when = returns ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY;
	int link = trace(bpf_object__find_program_by_name(object, name), when, place);

	*error = link < 0 ? link : 0;
	if (link >= 0)
		keep_link(place.target, returns, link);
	make_way(&until_ns);
	return link >= 0;
}

static void stand_at_callback(const struct bpf_object *object, struct target *t, __u32 number,
			      __u32 id)
{
	struct place place = {.target = number};
	int error;

	place.program = bpf_prog_get_fd_by_id(id);
	if (place.program < 0)
		return;
	place.type = function_of(place.program, t);
	if (stand_at_end(object, "on_return", true, place, &error))
		t->how_return = HOW_FENTRY;
	if (stand_at_end(object, "on_entry", false, place, &t->error))
		t->how = HOW_FENTRY;
	close(place.program);
}

/* The value of a map of ops has the number of a program where ops have a pointer to a function. */
static void stand_at_ops(const struct bpf_object *object, int map, struct target *targets,
			 __u32 count, __u32 size)
{
	unsigned char *value = calloc(1, size);
	__u32 only = 0, id;

	if (!value || bpf_map_lookup_elem(map, &only, value)) {
		free(value);
		return;
	}
	for (__u32 i = 0; i < count; i++) {
		struct target *t = &targets[i];

		if (!(t->flags & TARGET_OP) || t->how || t->place + sizeof(id) > size)
			continue;
		memcpy(&id, value + t->place, sizeof(id));
		if (id)
			stand_at_callback(object, t, i, id);
	}
	free(value);
}

/* A scheduler's programs may be gone by the time of `tell`, and their places taken by others. */
static void keep_symbols(void)
{
	FILE *from = fopen("/proc/kallsyms", "re"), *to;
	char line[LONGEST_LINE], name[LONGEST_LINE];
	unsigned long long address;
	unsigned int lines = 0;

	if (!from)
		return;
	free(symbols.text);
	symbols.text = NULL;
	to = open_memstream(&symbols.text, &symbols.size);
	while (to && fgets(line, sizeof(line), from)) {
		if (++lines % LINES_OF_A_SPELL == 0)
			make_way(&until_ns);
		if (strstr(line, "[bpf]") && sscanf(line, "%llx %*c %511s", &address, name) == 2)
			fprintf(to, "{\"symbol\":\"%s\",\"address\":%llu}\n", name, address);
	}
	if (to)
		fclose(to);
	fclose(from);
}

void trace_callbacks(const struct bpf_object *object, struct target *targets, __u32 count,
		     __u32 ops_type)
{
	__u32 id = 0;

	while (ops_type && !bpf_map_get_next_id(id, &id)) {
		struct bpf_map_info info = {0};
		__u32 size = sizeof(info);
		int map = bpf_map_get_fd_by_id(id);

		if (map < 0)
			continue;
		if (!bpf_map_get_info_by_fd(map, &info, &size) &&
		    info.type == BPF_MAP_TYPE_STRUCT_OPS &&
		    info.btf_vmlinux_value_type_id == ops_type)
			stand_at_ops(object, map, targets, count, info.value_size);
		close(map);
	}
	keep_symbols();
}

void put_symbols(void)
{
	if (symbols.text)
		fputs(symbols.text, stdout);
}

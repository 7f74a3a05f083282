// SPDX-License-Identifier: Apache-2.0
#include "exit_report.h"

#include <ctype.h>
#include <string.h>
#include <bpf/btf.h>

/* enum scx_exit_kind in the kernel's kernel/sched/ext_internal.h; stable since 6.12. */
#define SCX_EXIT_UNREG 64

static const char *kind_name(const struct btf *btf, int kind);
static void print_quoted(FILE *out, const char *key, const char *text);

bool exit_is_clean(const struct exit_words *words)
{
	return words->kind == SCX_EXIT_UNREG;
}

void exit_print(FILE *out, const struct bpf_object *object, const struct exit_words *words)
{
	const char *name = kind_name(bpf_object__btf(object), words->kind);
	size_t length = strlen(words->dump);
	struct btf *kernel = NULL;

	if (!name) {
		kernel = btf__load_vmlinux_btf();
		name = kernel ? kind_name(kernel, words->kind) : NULL;
	}
	fprintf(out, "exit kind=%d kind_name=%s code=%lld", words->kind, name ?: "UNKNOWN",
		words->code);
	btf__free(kernel);
	print_quoted(out, "reason", words->reason);
	print_quoted(out, "msg", words->message);
	fputc('\n', out);
	if (length) {
		fprintf(out, "dump-begin\n%s%sdump-end\n", words->dump,
			words->dump[length - 1] == '\n' ? "" : "\n");
	}
	fflush(out);
}

/* The enumerator's name less its prefix, or NULL. */
static const char *kind_name(const struct btf *btf, int kind)
{
	static const char prefix[] = "SCX_EXIT_";
	__s32 id = btf__find_by_name_kind(btf, "scx_exit_kind", BTF_KIND_ENUM);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, id) : NULL;
	int i;

	for (i = 0; type && i < btf_vlen(type); i++) {
		const char *name;

		if (btf_enum(type)[i].val != kind)
			continue;
		name = btf__name_by_offset(btf, btf_enum(type)[i].name_off);
		return strncmp(name, prefix, strlen(prefix)) ? name : name + strlen(prefix);
	}
	return NULL;
}

static void print_quoted(FILE *out, const char *key, const char *text)
{
	fprintf(out, " %s=\"", key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if (*text == '\n')
			fputs("\\n", out);
		else if (isprint((unsigned char)*text))
			fputc(*text, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*text);
	}
	fputc('"', out);
}

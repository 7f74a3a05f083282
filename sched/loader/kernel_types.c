// SPDX-License-Identifier: Apache-2.0
#include "kernel_types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/btf.h>

struct btf *__real_btf__load_vmlinux_btf(void);
struct btf *__wrap_btf__load_vmlinux_btf(void);
void __real_btf__free(struct btf *btf);
void __wrap_btf__free(struct btf *btf);
__s32 __real_btf__find_by_name_kind(const struct btf *btf, const char *name, __u32 kind);
__s32 __wrap_btf__find_by_name_kind(const struct btf *btf, const char *name, __u32 kind);

/* Lives as long as the process; NULL: not read. */
static struct btf *types;

/* Identities by the hash of name and kind, each at the first free place from its hash on; 0: free.
 * NULL: not made.
 */
static __u32 *places;
static __u32 mask;

static void index_names(void);
static const char *name_of(const struct btf_type *type);
static __u32 hash(const char *name, __u32 kind);

void kernel_types_read(void)
{
	if (btf__load_vmlinux_btf())
		index_names();
}

struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	if (!types)
		types = __real_btf__load_vmlinux_btf();
	return types;
}

/* Whoever loaded them thinks that they are its own. */
void __wrap_btf__free(struct btf *btf)
{
	if (btf != types)
		__real_btf__free(btf);
}

/* As libbpf's own, which finds the void type by its name, too, and sets errno. */
__s32 __wrap_btf__find_by_name_kind(const struct btf *btf, const char *name, __u32 kind)
{
	__u32 at;

	if (btf != types || !places || !kind || !*name || !strcmp(name, "void"))
		return __real_btf__find_by_name_kind(btf, name, kind);
	for (at = hash(name, kind) & mask; places[at]; at = (at + 1) & mask) {
		const struct btf_type *type = btf__type_by_id(types, places[at]);

		if (btf_kind(type) == kind && !strcmp(name_of(type), name))
			return places[at];
	}
	errno = ENOENT;
	return -ENOENT;
}

/* In the order of identities, so that of several of one name and kind the first is found first. */
static void index_names(void)
{
	__u32 count = btf__type_cnt(types), id;

	for (mask = 1; mask < 2 * count; mask *= 2)
		;
	places = calloc(mask, sizeof(*places));
	mask--;
	for (id = 1; places && id < count; id++) {
		const struct btf_type *type = btf__type_by_id(types, id);
		const char *name = name_of(type);
		__u32 at = hash(name, btf_kind(type)) & mask;

		if (!*name)
			continue;
		while (places[at])
			at = (at + 1) & mask;
		places[at] = id;
	}
}

static const char *name_of(const struct btf_type *type)
{
	return btf__name_by_offset(types, type->name_off);
}

/* FNV-1a */
static __u32 hash(const char *name, __u32 kind)
{
	__u32 sum = 2166136261 ^ kind;

	for (; *name; name++)
		sum = (sum ^ (unsigned char)*name) * 16777619;
	return sum;
}

// SPDX-License-Identifier: Apache-2.0
/* Four functions that Debian's static libelf (elfutils 0.192) calls but does not contain: its build
 * leaves lib/eu-search.c out of libelf.a. Weak, so that a complete libelf.a wins. Without the lock
 * of the original: our programs have one thread.
 */
#define _GNU_SOURCE
#include <search.h>
#include <stddef.h>

/* The first member of elfutils' own search_tree; the rest is the lock. */
struct search_tree {
	void *root;
};

typedef int compare_fn(const void *a, const void *b);

__attribute__((weak)) void eu_search_tree_init(struct search_tree *tree)
{
	tree->root = NULL;
}

__attribute__((weak)) void eu_search_tree_fini(struct search_tree *tree, void (*release)(void *))
{
	tdestroy(tree->root, release);
}

__attribute__((weak)) void *eu_tsearch(const void *key, struct search_tree *tree,
				       compare_fn *compare)
{
	return tsearch(key, &tree->root, compare);
}

__attribute__((weak)) void *eu_tdelete(const void *key, struct search_tree *tree,
				       compare_fn *compare)
{
	return tdelete(key, &tree->root, compare);
}

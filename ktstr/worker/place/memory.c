// SPDX-License-Identifier: Apache-2.0
/* NUMA memory policies of set_mempolicy(2). */
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "place/place.h"
#include "worker.h"

#define TEXT_SIZE 128
/* the kernel takes one bit less than it is told (mm/mempolicy.c, get_nodes) */
#define MAX_NODE ((unsigned long)NODE_MASK_BITS + 1)

static bool has_node(const void *mask, int node)
{
	return node_mask_has(mask, node);
}

static void format(char *out, size_t size, int mode, const struct node_mask *nodes)
{
	char list[TEXT_SIZE], flags[TEXT_SIZE / 2];

	place_format_list(list, sizeof(list), nodes, NODE_MASK_BITS, has_node);
	snprintf(out, size, "%s%s%s%s", options_memory_mode(mode & ~MPOL_MODE_FLAGS),
		 list[0] ? ":" : "", list, options_memory_flags(mode, flags, sizeof(flags)));
}

void place_memory(struct worker *w, char *out, size_t size)
{
	const struct mem_policy *asked = &w->opt.memory;
	char wanted[TEXT_SIZE * 2], found[TEXT_SIZE * 2];
	struct node_mask nodes = {0};
	int mode = 0;

	if (!asked->given)
		return;
	format(wanted, sizeof(wanted), asked->mode, &asked->nodes);
	if (syscall(SYS_set_mempolicy, asked->mode, asked->nodes.bits, MAX_NODE) < 0) {
		worker_error(w, "memory policy %s refused: %s", wanted, strerror(errno));
		return;
	}
	if (syscall(SYS_get_mempolicy, &mode, nodes.bits, MAX_NODE, NULL, 0ul) < 0) {
		worker_error(w, "cannot ask for the memory policy: %s", strerror(errno));
		return;
	}
	format(found, sizeof(found), mode, &nodes);
	snprintf(out + strlen(out), size - strlen(out), " memory=%s", found);
	if (strcmp(wanted, found))
		worker_error(w, "memory policy %s became %s", wanted, found);
}

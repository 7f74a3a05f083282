// SPDX-License-Identifier: Apache-2.0
/* NUMA nodes; see numa.h. */
#include "steps/numa.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int numa_next_node(struct worker *w, int node)
{
	struct node_mask allowed = {0};

	if (syscall(SYS_get_mempolicy, NULL, allowed.bits, (unsigned long)NODE_MASK_BITS, NULL,
		    (unsigned long)MPOL_F_MEMS_ALLOWED) < 0) {
		worker_error(w, "cannot ask for the NUMA nodes: %s", strerror(errno));
		return -1;
	}
	for (int i = 1; i <= NODE_MASK_BITS; i++) {
		int next = (node + i + NODE_MASK_BITS) % NODE_MASK_BITS;

		if (node_mask_has(&allowed, next))
			return next;
	}
	return -1;
}

bool numa_bind(struct worker *w, void *memory, size_t size, int node)
{
	struct node_mask only = {0};

	node_mask_add(&only, node);
	if (syscall(SYS_mbind, memory, size, (unsigned long)MPOL_BIND, only.bits,
		    (unsigned long)NODE_MASK_BITS, (unsigned int)MPOL_MF_MOVE) == 0)
		return true;
	worker_error(w, "memory on node %d refused: %s", node, strerror(errno));
	w->finished = true;
	return false;
}

int numa_need_two(struct worker *w)
{
	int first = numa_next_node(w, -1);

	if (first >= 0 && numa_next_node(w, first) != first)
		return 0;
	worker_error(w, "there are no two NUMA nodes to use");
	return -EINVAL;
}

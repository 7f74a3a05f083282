/* SPDX-License-Identifier: Apache-2.0 */
/* NUMA nodes: which there are, and binding memory to one. */
#ifndef KTSTR_WORKER_NUMA_H
#define KTSTR_WORKER_NUMA_H

#include "worker.h"

/* The next node after @node that this worker may have memory of, round and round; -1: none. */
int numa_next_node(struct worker *w, int node);

/* Binds memory to @node, and moves there what is elsewhere; false and an error if refused. */
bool numa_bind(struct worker *w, void *memory, size_t size, int node);

/* -EINVAL and an error if there are not two nodes. */
int numa_need_two(struct worker *w);

#endif

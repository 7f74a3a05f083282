/* SPDX-License-Identifier: Apache-2.0 */
/* Whose each CPU is. */
#ifndef KTSTR_CELLS_DIVISION_H
#define KTSTR_CELLS_DIVISION_H

#include <stdbool.h>
#include <stdint.h>
#include "sched/cells/cells.h"

#define CELL_NAME_MAX 256

/* A child of the parent cgroup. `cpus`: those of its cpuset, a bit each; 0: it has none of its own.
 * `wanted`: how many the configuration gives it; 0: it does not say.
 */
struct cell {
	char name[CELL_NAME_MAX];
	uint64_t id;
	uint32_t cpus;
	unsigned int wanted;
};

/* Gives every CPU to a cell, cells[0] being cell 1: first cpusets, then what the configuration
 * wants, and what is left in equal parts, but for one that is cell 0's. Returns whether cell 0 got
 * any.
 */
bool divide(const struct cell *cells, unsigned int nr_cells, struct cells_layout *layout);

#endif

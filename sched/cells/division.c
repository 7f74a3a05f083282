// SPDX-License-Identifier: Apache-2.0
#include "sched/cells/division.h"

static void give(struct cells_layout *layout, uint32_t *left, unsigned int cell);

bool divide(const struct cell *cells, unsigned int nr_cells, struct cells_layout *layout)
{
	uint32_t left = layout->nr_cpus < 32 ? (1u << layout->nr_cpus) - 1 : ~0u;
	unsigned int cpu, i, silent = 0, given;

	for (cpu = 0; cpu < layout->nr_cpus; cpu++)
		layout->cell_of_cpu[cpu] = 0;
	for (i = 0; i < nr_cells; i++) {
		uint32_t own = cells[i].cpus & left;

		left &= ~own;
		for (cpu = 0; cpu < layout->nr_cpus; cpu++)
			if (own & 1u << cpu)
				layout->cell_of_cpu[cpu] = i + 1;
		silent += !cells[i].cpus && !cells[i].wanted;
	}
	for (i = 0; i < nr_cells; i++)
		for (given = 0; !cells[i].cpus && given < cells[i].wanted; given++)
			give(layout, &left, i + 1);
	while (silent && __builtin_popcount(left) > 1)
		for (i = 0; i < nr_cells; i++)
			if (!cells[i].cpus && !cells[i].wanted && __builtin_popcount(left) > 1)
				give(layout, &left, i + 1);
	return left;
}

/* Gives the first CPU that is left to the cell, if there is one. */
static void give(struct cells_layout *layout, uint32_t *left, unsigned int cell)
{
	unsigned int cpu;

	if (!*left)
		return;
	cpu = __builtin_ctz(*left);
	*left &= ~(1u << cpu);
	layout->cell_of_cpu[cpu] = cell;
}

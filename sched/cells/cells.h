/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What scx_cells and its BPF program tell each other. */
#ifndef KTSTR_CELLS_H
#define KTSTR_CELLS_H

/* Cell 0 is everybody's who is in no other. */
#define MAX_CELLS 8
#define MAX_CPUS 32

/* The one entry of the map `layout`. */
struct cells_layout {
	unsigned int level; /* of the cells' cgroups in the hierarchy; 0: there is none yet */
	unsigned int nr_cpus;
	unsigned int cell_of_cpu[MAX_CPUS];
};

#endif

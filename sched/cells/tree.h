/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroups that are cells: the children of one parent, and what is asked for them. */
#ifndef KTSTR_CELLS_TREE_H
#define KTSTR_CELLS_TREE_H

#include <stdbool.h>
#include "sched/cells/division.h"

/* The cgroups below `path`. `changes`: an inotify descriptor, readable when children come or go,
 * or their cpusets are written. `config`: path of lines `NAME CPUS`, or NULL.
 */
struct tree {
	char path[4096];
	int changes;
	const char *config;
};

/* Opens the children of the cgroup `parent`, a path below /sys/fs/cgroup. False with a message on
 * stderr where there is no such cgroup.
 */
bool tree_open(struct tree *tree, const char *parent, const char *config);

/* Reads the children, in the order of their names, at most MAX_CELLS - 1 into `cells`. Returns how
 * many there are, which may be more, or -1 with a message on stderr.
 */
int tree_read(const struct tree *tree, struct cell *cells);

/* Forgets the changes that were told of so far. */
void tree_drain(const struct tree *tree);

/* How deep a child of the parent lies: 1 for a child of the root. */
unsigned int tree_level(const char *parent);

#endif

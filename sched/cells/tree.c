// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "sched/cells/tree.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOUNT "/sys/fs/cgroup"

static bool read_cell(const struct tree *tree, const char *name, struct cell *cell);
static uint32_t parse_cpus(const char *text);
static unsigned int wanted(const char *config, const char *name);
static int is_child(const struct dirent *entry);

bool tree_open(struct tree *tree, const char *parent, const char *config)
{
	snprintf(tree->path, sizeof(tree->path), MOUNT "%s", parent);
	tree->config = config;
	tree->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (tree->changes < 0 ||
	    inotify_add_watch(tree->changes, tree->path, IN_CREATE | IN_DELETE | IN_ONLYDIR) < 0) {
		fprintf(stderr, "scx_cells: cannot watch %s: %s\n", tree->path, strerror(errno));
		return false;
	}
	return true;
}

int tree_read(const struct tree *tree, struct cell *cells)
{
	struct dirent **entries;
	int count = scandir(tree->path, &entries, is_child, alphasort), found = 0, i;

	if (count < 0) {
		fprintf(stderr, "scx_cells: cannot read %s: %s\n", tree->path, strerror(errno));
		return -1;
	}
	for (i = 0; i < count; i++) {
		struct cell cell;

		/* One that went meanwhile is told of again. */
		if (read_cell(tree, entries[i]->d_name, &cell)) {
			if (found < MAX_CELLS - 1)
				cells[found] = cell;
			found++;
		}
		free(entries[i]);
	}
	free(entries);
	return found;
}

void tree_drain(const struct tree *tree)
{
	char events[4096];

	while (read(tree->changes, events, sizeof(events)) > 0)
		;
}

unsigned int tree_level(const char *parent)
{
	unsigned int level = 1;

	for (; *parent; parent++)
		level += parent[0] == '/' && parent[1];
	return level;
}

static bool read_cell(const struct tree *tree, const char *name, struct cell *cell)
{
	char path[sizeof(tree->path) + CELL_NAME_MAX + 16], line[4096] = "";
	struct stat found;
	FILE *file;

	memset(cell, 0, sizeof(*cell));
	snprintf(cell->name, sizeof(cell->name), "%s", name);
	snprintf(path, sizeof(path), "%s/%s", tree->path, name);
	if (stat(path, &found))
		return false;
	cell->id = found.st_ino;
	strcat(path, "/cpuset.cpus");
	/* First the watch: what is written after the read is told of. */
	inotify_add_watch(tree->changes, path, IN_MODIFY);
	file = fopen(path, "re");
	if (file) {
		if (fgets(line, sizeof(line), file))
			cell->cpus = parse_cpus(line);
		fclose(file);
	}
	cell->wanted = wanted(tree->config, name);
	return true;
}

/* A list such as 0-2,5 as bits. */
static uint32_t parse_cpus(const char *text)
{
	uint32_t cpus = 0;
	char *end;

	while (*text >= '0' && *text <= '9') {
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first < MAX_CPUS; first++)
			cpus |= 1u << first;
		text = *end == ',' ? end + 1 : end;
	}
	return cpus;
}

/* How many CPUs the configuration gives a cell; 0: it does not say. */
static unsigned int wanted(const char *config, const char *name)
{
	FILE *file = config ? fopen(config, "re") : NULL;
	unsigned int cpus, found = 0;
	char cell[CELL_NAME_MAX];

	if (!file)
		return 0;
	while (fscanf(file, "%255s %u", cell, &cpus) == 2)
		if (!strcmp(cell, name))
			found = cpus;
	fclose(file);
	return found;
}

static int is_child(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && entry->d_name[0] != '.';
}

// SPDX-License-Identifier: Apache-2.0
/* What the kernel counts for a task: schedstat, sched and numa_maps of /proc/thread-self. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker.h"

#define BASE_PAGE_KB 4
/* include/linux/sched/prio.h */
#define MAX_RT_PRIO 100
#define NO_PRIO INT64_MAX

/* Documentation/scheduler/sched-stats.rst: time on the CPU, run delay (both ns), run count. */
void kernelstat_read_delays(struct worker *w, struct counts *now)
{
	char text[128];
	ssize_t got = -1;
	int64_t on_cpu;

	/* kept open: reading from the start makes the kernel write it anew */
	if (w->schedstat_fd <= 0)
		w->schedstat_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	if (w->schedstat_fd > 0)
		got = pread(w->schedstat_fd, text, sizeof(text) - 1, 0);
	if (got > 0) {
		text[got] = '\0';
		if (sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64, &on_cpu, &now->run_delay_ns,
			   &now->run_count) == 3)
			return;
	}
	now->run_delay_ns = -1;
	now->run_count = -1;
}

/* The value of a `key   :   value` line; false for another line. */
static bool read_value(const char *line, const char *key, int64_t *value)
{
	size_t length = strlen(key);
	const char *colon = strchr(line, ':');

	return colon && !strncmp(line, key, length) &&
	       (line[length] == ' ' || line[length] == ':') &&
	       sscanf(colon + 1, "%" SCNd64, value) == 1;
}

/*
 * By the priority in force, not the policy asked for, as __setscheduler_class() of
 * kernel/sched/core.c decides; only ext.enabled tells sched_ext's class from the fair one.
 */
static const char *class_of(int64_t prio, int64_t ext_enabled)
{
	if (ext_enabled > 0)
		return "ext";
	if (prio == NO_PRIO)
		return "";
	return prio < 0 ? "deadline" : prio < MAX_RT_PRIO ? "realtime" : "fair";
}

/* kernel/sched/debug.c, proc_sched_show_task(). */
static void read_moves(struct worker *w, struct counts *now)
{
	FILE *file = fopen("/proc/thread-self/sched", "re");
	int64_t prio = NO_PRIO, ext_enabled = 0;
	char line[256];

	now->kernel_migrations = -1;
	now->numa_pages_migrated = -1;
	w->sched_class = "";
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (read_value(line, "numa_pages_migrated", &now->numa_pages_migrated))
			break;
		if (read_value(line, "se.nr_migrations", &now->kernel_migrations) ||
		    read_value(line, "prio", &prio))
			continue;
		read_value(line, "ext.enabled", &ext_enabled);
	}
	fclose(file);
	w->sched_class = class_of(prio, ext_enabled);
}

void kernelstat_read(struct worker *w, struct counts *now)
{
	kernelstat_read_delays(w, now);
	read_moves(w, now);
}

/* N<node>=<pages> words, in pages of the size that ends the line. */
static void add_mapping(char *line, uint64_t *pages)
{
	const char *size = strstr(line, "kernelpagesize_kB=");
	uint64_t scale = size ? strtoull(size + 18, NULL, 10) / BASE_PAGE_KB : 1;
	char *rest;

	/* not strtok: the threads of a process end at the same time */
	for (char *word = strtok_r(line, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
		unsigned int node;
		uint64_t count;

		if (sscanf(word, "N%u=%" SCNu64, &node, &count) == 2 && node < WORKER_MAX_NODES)
			pages[node] += count * scale;
	}
}

void kernelstat_read_nodes(uint64_t *pages)
{
	FILE *file = fopen("/proc/thread-self/numa_maps", "re");
	char line[4096];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		/* the program's own pages are where the kernel unpacked it, whatever the policy */
		if (!strstr(line, " file="))
			add_mapping(line, pages);
	}
	fclose(file);
}

// SPDX-License-Identifier: Apache-2.0
/* What the kernel counts for a process: /proc/self/schedstat and /proc/self/sched. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "worker.h"

/* Documentation/scheduler/sched-stats.rst: time on the CPU, run delay (both ns), run count. */
static void read_schedstat(int64_t *run_delay_ns, int64_t *run_count)
{
	FILE *file = fopen("/proc/self/schedstat", "re");
	int64_t on_cpu;

	if (!file)
		return;
	if (fscanf(file, "%" SCNd64 " %" SCNd64 " %" SCNd64, &on_cpu, run_delay_ns, run_count) !=
	    3) {
		*run_delay_ns = -1;
		*run_count = -1;
	}
	fclose(file);
}

static void read_migrations(int64_t *migrations)
{
	FILE *file = fopen("/proc/self/sched", "re");
	char line[256];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		if (colon && !strncmp(line, "se.nr_migrations", 16) &&
		    sscanf(colon + 1, "%" SCNd64, migrations) == 1)
			break;
	}
	fclose(file);
}

void kernelstat_read(int64_t *run_delay_ns, int64_t *run_count, int64_t *migrations)
{
	*run_delay_ns = -1;
	*run_count = -1;
	*migrations = -1;
	read_schedstat(run_delay_ns, run_count);
	read_migrations(migrations);
}

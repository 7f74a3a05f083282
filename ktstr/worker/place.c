// SPDX-License-Identifier: Apache-2.0
/* Makes the worker what it was asked to be, and says what the kernel made of it. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "worker.h"

#ifndef SCHED_EXT
#define SCHED_EXT 7
#endif

void worker_error(struct worker *w, const char *format, ...)
{
	va_list args;

	if (w->error_count == WORKER_MAX_ERRORS)
		return;
	va_start(args, format);
	vsnprintf(w->errors[w->error_count++], WORKER_ERROR_SIZE, format, args);
	va_end(args);
}

static const char *policy_name(int policy)
{
	switch (policy & ~SCHED_RESET_ON_FORK) {
	case SCHED_OTHER:
		return "normal";
	case SCHED_BATCH:
		return "batch";
	case SCHED_IDLE:
		return "idle";
	case SCHED_FIFO:
		return "fifo";
	case SCHED_RR:
		return "rr";
	case SCHED_EXT:
		return "ext";
	default:
		return "unknown";
	}
}

/* The CPU list format of Documentation/admin-guide/cputopology.rst. */
static void format_cpus(char *out, size_t size, const cpu_set_t *set)
{
	size_t used = 0;

	out[0] = '\0';
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int last = cpu;

		if (!CPU_ISSET(cpu, set))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
			last++;
		used += (size_t)snprintf(out + used, size - used, last == cpu ? "%s%d" : "%s%d-%d",
					 used ? "," : "", cpu, last);
		if (used + 16 > size)
			return;
		cpu = last;
	}
}

static void read_effective(struct worker *w)
{
	struct sched_param param = {0};
	char cpus[WORKER_ERROR_SIZE * 3];
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	sched_getparam(0, &param);
	format_cpus(cpus, sizeof(cpus), &set);
	snprintf(w->effective, sizeof(w->effective), "policy=%s rt_priority=%d nice=%d affinity=%s",
		 policy_name(sched_getscheduler(0)), param.sched_priority,
		 getpriority(PRIO_PROCESS, 0), cpus);
}

void place_worker(struct worker *w)
{
	const struct options *opt = &w->opt;
	struct sched_param param = {.sched_priority = opt->rt_priority};

	if (opt->has_affinity && sched_setaffinity(0, sizeof(opt->affinity), &opt->affinity) < 0) {
		char cpus[WORKER_ERROR_SIZE / 2];

		format_cpus(cpus, sizeof(cpus), &opt->affinity);
		worker_error(w, "affinity %s refused: %s", cpus, strerror(errno));
	}
	/* the agent spawned us real-time: leave that class even when it is normal we want */
	if (sched_setscheduler(0, opt->policy, &param) < 0)
		worker_error(w, "policy %s rt_priority %d refused: %s", policy_name(opt->policy),
			     opt->rt_priority, strerror(errno));
	if (opt->nice && setpriority(PRIO_PROCESS, 0, opt->nice) < 0)
		worker_error(w, "nice %d refused: %s", opt->nice, strerror(errno));
	read_effective(w);
}

// SPDX-License-Identifier: Apache-2.0
/* Makes the worker what it was asked to be, and says what the kernel made of it. */
#include "place/place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "worker.h"

/* The first version of struct sched_attr of sched_setattr(2); times in nanoseconds. */
struct attributes {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

void worker_error(struct worker *w, const char *format, ...)
{
	va_list args;

	if (w->error_count == WORKER_MAX_ERRORS)
		return;
	va_start(args, format);
	vsnprintf(w->errors[w->error_count++], WORKER_ERROR_SIZE, format, args);
	va_end(args);
}

void place_format_list(char *out, size_t size, const void *set, int limit,
		       bool (*has)(const void *set, int value))
{
	size_t used = 0;

	out[0] = '\0';
	for (int first = 0; first < limit; first++) {
		int last = first;

		if (!has(set, first))
			continue;
		while (last + 1 < limit && has(set, last + 1))
			last++;
		used += (size_t)snprintf(out + used, size - used,
					 last == first ? "%s%d" : "%s%d-%d", used ? "," : "", first,
					 last);
		if (used + 16 > size)
			return;
		first = last;
	}
}

static bool has_cpu(const void *set, int cpu)
{
	return CPU_ISSET(cpu, (const cpu_set_t *)set);
}

static void format_cpus(char *out, size_t size, const cpu_set_t *set)
{
	place_format_list(out, size, set, CPU_SETSIZE, has_cpu);
}

static void read_effective(struct worker *w)
{
	struct attributes found = {.size = sizeof(found)};
	char cpus[WORKER_ERROR_SIZE * 3];
	char *out = w->effective;
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	if (syscall(SYS_sched_getattr, 0, &found, sizeof(found), 0) < 0)
		worker_error(w, "cannot ask for the policy: %s", strerror(errno));
	format_cpus(cpus, sizeof(cpus), &set);
	snprintf(out, sizeof(w->effective), "policy=%s rt_priority=%" PRIu32 " nice=%d affinity=%s",
		 options_policy_name((int)found.policy), found.priority,
		 getpriority(PRIO_PROCESS, 0), cpus);
	if (found.policy == SCHED_DEADLINE)
		snprintf(out + strlen(out), sizeof(w->effective) - strlen(out),
			 " deadline_us=%" PRIu64 "/%" PRIu64 "/%" PRIu64, found.runtime / 1000,
			 found.deadline / 1000, found.period / 1000);
}

static void set_affinity(struct worker *w)
{
	const struct options *opt = &w->opt;
	char cpus[WORKER_ERROR_SIZE / 2];

	if (!opt->has_affinity || sched_setaffinity(0, sizeof(opt->affinity), &opt->affinity) == 0)
		return;
	format_cpus(cpus, sizeof(cpus), &opt->affinity);
	worker_error(w, "affinity %s refused: %s", cpus, strerror(errno));
}

void place_policy(struct worker *w, int policy, int64_t rt_priority, int64_t nice,
		  const int64_t *times_us)
{
	struct attributes asked = {
		.size = sizeof(asked),
		.policy = (uint32_t)policy,
		.nice = (int32_t)nice,
		.priority = (uint32_t)rt_priority,
	};

	if (policy == SCHED_DEADLINE) {
		asked.runtime = (uint64_t)times_us[0] * 1000;
		asked.deadline = (uint64_t)times_us[1] * 1000;
		asked.period = (uint64_t)times_us[2] * 1000;
	}
	if (syscall(SYS_sched_setattr, 0, &asked, 0) < 0)
		worker_error(w, "policy %s rt_priority %d nice %d refused: %s",
			     options_policy_name(policy), (int)rt_priority, (int)nice,
			     strerror(errno));
}

/* The agent spawned us real-time: leave that class even when it is normal we want. */
static void set_policy(struct worker *w)
{
	const struct options *opt = &w->opt;
	const int64_t times_us[] = {opt->runtime_us, opt->deadline_us, opt->period_us};

	place_policy(w, opt->policy, opt->rt_priority, opt->nice, times_us);
}

void place_worker(struct worker *w)
{
	size_t size = sizeof(w->effective);

	set_affinity(w);
	set_policy(w);
	read_effective(w);
	place_memory(w, w->effective, size);
	/* last, since it takes the right to do the rest */
	place_identity(w, w->effective, size);
}

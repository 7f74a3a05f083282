// SPDX-License-Identifier: Apache-2.0
/* Binding a task to one random CPU; see cpu_choice.h. */
#include "steps/cpu_choice.h"

#include <errno.h>
#include <string.h>

#include "steps/random.h"

/* Unbound, a task has what its cpuset allows; the cpuset may change at any time. */
static bool widest(struct worker *w, pid_t tid, cpu_set_t *set)
{
	if (w->opt.has_affinity) {
		*set = w->opt.affinity;
	} else {
		CPU_ZERO(set);
		for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
			CPU_SET(cpu, set);
	}
	return sched_setaffinity(tid, sizeof(*set), set) == 0 &&
	       sched_getaffinity(tid, sizeof(*set), set) == 0;
}

static bool bind_to_one(struct worker *w, pid_t tid, const cpu_set_t *from)
{
	int chosen = (int)(random_next(w) % (uint64_t)CPU_COUNT(from));
	cpu_set_t one;

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, from) || chosen-- > 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		return sched_setaffinity(tid, sizeof(one), &one) == 0;
	}
	return false;
}

void cpu_choice_bind(struct worker *w, pid_t tid)
{
	cpu_set_t set;

	/* the second try is for a cpuset that changed in between */
	for (int i = 0; i < 2; i++) {
		if (widest(w, tid, &set) && bind_to_one(w, tid, &set))
			return;
	}
	if (errno == ESRCH) /* the partner has ended */
		return;
	worker_error(w, "affinity to a random CPU refused: %s", strerror(errno));
	w->finished = true;
}

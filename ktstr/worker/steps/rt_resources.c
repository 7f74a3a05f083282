// SPDX-License-Identifier: Apache-2.0
/* What tasks of an rt-app workload share, and what a phase changes; see rt_resources.h. */
#include "steps/rt_resources.h"

#include <errno.h>
#include <string.h>

#include "place/place.h"
#include "steps/team.h"

#define TEXT_SIZE 64

enum { FREE, HELD };

struct rt_resource *rt_area(struct worker *w, int64_t count)
{
	int64_t group = w->opt.slot / w->opt.group;

	return (struct rt_resource *)w->area + group * count;
}

/* Says what this worker is about to wait for; then it looks once more, and parks or retracts. */
static void announce(struct worker *w, uint32_t number)
{
	atomic_store(&w->self->turn, number + 1);
	team_announce(w);
}

static bool park(struct worker *w)
{
	bool woken = team_park(w);

	atomic_store(&w->self->turn, 0);
	return woken;
}

static void retract(struct worker *w)
{
	team_retract(w);
	atomic_store(&w->self->turn, 0);
}

static void wake(struct worker *w, uint32_t number, bool all)
{
	unsigned int count = (unsigned int)w->opt.group;

	for (unsigned int i = 1; i < count; i++) {
		struct shared_slot *slot = &w->group[(w->member + i) % count];

		if (atomic_load(&slot->turn) == number + 1 && team_unpark(w, slot) && !all)
			return;
	}
}

void rt_signal(struct worker *w, uint32_t number)
{
	wake(w, number, false);
}

void rt_broadcast(struct worker *w, uint32_t number)
{
	wake(w, number, true);
}

static bool try_lock(struct rt_resource *mutex)
{
	uint32_t unlocked = FREE;

	return atomic_compare_exchange_strong(&mutex->word, &unlocked, HELD);
}

bool rt_lock(struct worker *w, struct rt_resource *mutex, uint32_t number)
{
	while (!try_lock(mutex)) {
		announce(w, number);
		if (atomic_load(&mutex->word) == FREE)
			retract(w);
		else if (!park(w))
			return false;
	}
	return true;
}

void rt_unlock(struct worker *w, struct rt_resource *mutex, uint32_t number)
{
	atomic_store(&mutex->word, FREE);
	rt_signal(w, number);
}

bool rt_wait(struct worker *w, uint32_t number, struct rt_resource *mutex, uint32_t mutex_number)
{
	/* before the mutex is let go: who takes it then finds this worker waiting */
	announce(w, number);
	rt_unlock(w, mutex, mutex_number);
	return park(w) && rt_lock(w, mutex, mutex_number);
}

bool rt_suspend(struct worker *w, uint32_t number)
{
	announce(w, number);
	return park(w);
}

bool rt_barrier(struct worker *w, struct rt_resource *barrier, uint32_t number, uint32_t users)
{
	announce(w, number);
	if (atomic_fetch_add(&barrier->word, 1) + 1 < users)
		return park(w);
	atomic_store(&barrier->word, 0);
	retract(w);
	rt_broadcast(w, number);
	return true;
}

/* The text up to a colon or comma; false if it is too long. */
static bool copy_part(char *to, const char *text)
{
	size_t length = strcspn(text, ":,");

	if (length >= TEXT_SIZE)
		return false;
	memcpy(to, text, length);
	to[length] = '\0';
	return true;
}

void rt_set_affinity(struct worker *w, const char *cpus)
{
	char list[TEXT_SIZE];
	cpu_set_t set;

	if (!copy_part(list, cpus)) {
		worker_error(w, "affinity %.20s... is too long", cpus);
		return;
	}
	/* a comma would end the word */
	for (char *at = list; *at; at++)
		*at = *at == '+' ? ',' : *at;
	if (!options_parse_cpus(list, &set)) {
		worker_error(w, "affinity %s is no CPU list", list);
		return;
	}
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		worker_error(w, "affinity %s refused: %s", list, strerror(errno));
}

void rt_set_policy(struct worker *w, const char *name, int64_t priority, int64_t nice)
{
	char text[TEXT_SIZE];
	int policy = copy_part(text, name) ? options_policy_by_name(text) : -1;

	if (policy < 0) {
		worker_error(w, "policy %.20s is unknown", name);
		return;
	}
	place_policy(w, policy, priority, nice, NULL);
}

void rt_set_deadline(struct worker *w, int64_t runtime_us, int64_t deadline_us, int64_t period_us)
{
	const int64_t times[] = {runtime_us, deadline_us, period_us};

	place_policy(w, SCHED_DEADLINE, 0, 0, times);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tasks of an rt-app workload share: mutexes, condition variables and barriers, by their
 * numbers in the group's area.  A worker says in its slot's turn what it waits for (the number +
 * 1), and who wakes goes through the slots: waiters of one resource are woken beginning behind the
 * waker.
 */
#ifndef KTSTR_WORKER_RT_RESOURCES_H
#define KTSTR_WORKER_RT_RESOURCES_H

#include "worker.h"

struct rt_resource {
	_Atomic uint32_t word; /* of a mutex: whether it is held; of a barrier: who has arrived */
	uint32_t reserved;
	_Atomic uint64_t at_ns; /* of a timer: its last moment; 0: not used yet */
};

_Static_assert(sizeof(struct rt_resource) == 16, "twin: RtApp of ktstr/model/work/teams.py");

/* The resources of this worker's group, of which each has @count. */
struct rt_resource *rt_area(struct worker *w, int64_t count);

/* These return false if told to stop before they are done. */
bool rt_lock(struct worker *w, struct rt_resource *mutex, uint32_t number);
bool rt_wait(struct worker *w, uint32_t number, struct rt_resource *mutex, uint32_t mutex_number);
bool rt_suspend(struct worker *w, uint32_t number);
bool rt_barrier(struct worker *w, struct rt_resource *barrier, uint32_t number, uint32_t users);

void rt_unlock(struct worker *w, struct rt_resource *mutex, uint32_t number);
void rt_signal(struct worker *w, uint32_t number);    /* wakes one, if one waits */
void rt_broadcast(struct worker *w, uint32_t number); /* wakes all who wait */

/* What a phase changes; a refusal becomes an error of the worker.  @cpus: 0-1+3; a text ends at ,
 */
void rt_set_affinity(struct worker *w, const char *cpus);
void rt_set_policy(struct worker *w, const char *name, int64_t priority, int64_t nice);
void rt_set_deadline(struct worker *w, int64_t runtime_us, int64_t deadline_us, int64_t period_us);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* How a process of the real-time class shares the CPU with tasks that may have no other. */
#ifndef KTSTR_SAMPLER_SPELLS_H
#define KTSTR_SAMPLER_SPELLS_H

#include <linux/types.h>
#include <stdbool.h>
#include <time.h>

#define NS 1000000000ull
/* Less of its own is not worth a switch; and others that want for more than so much are not there.
 */
#define SHORTEST_SPELL_NS 2000000ull
#define LONGEST_SPELL_NS 50000000ull

/* For how long it is to leave the CPU that it has had for so long; 0: it may go on. */
static inline __u64 spell_of_others(__u64 had_ns)
{
	if (had_ns < SHORTEST_SPELL_NS)
		return 0;
	return had_ns < LONGEST_SPELL_NS ? had_ns : LONGEST_SPELL_NS;
}

/* Nanoseconds of CPU time that this process has had. */
static inline __u64 cpu_time_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (__u64)now.tv_sec * NS + (__u64)now.tv_nsec;
}

/*
 * Leaves the CPU to others for as long as it has had it since it last did; @until_ns: its CPU time
 * then.  To be asked between pieces of labour that cannot be divided.
 */
static inline void make_way(__u64 *until_ns)
{
	struct timespec others = {.tv_nsec = (long)spell_of_others(cpu_time_ns() - *until_ns)};

	if (!others.tv_nsec)
		return;
	nanosleep(&others, NULL);
	*until_ns = cpu_time_ns();
}

#endif

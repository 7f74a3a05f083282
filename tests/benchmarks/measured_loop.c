// SPDX-License-Identifier: Apache-2.0
/*
 * A work type that compares itself with a loop that measures nothing: in turns of about a
 * millisecond it spins as every worker does, and as bare as can be.  At its end it prints, for the
 * times that the measured turns took in parts of the bare ones: lower quartile, median, upper one,
 * and how many there were.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "custom.h"

#define TURN (2u << 20)
#define CHUNK 1024
#define MOST_TURNS 100000

static double ratios[MOST_TURNS];
static size_t count;

static uint64_t cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* As loop_spin() and its inner loop are, neither inlined into the other. */
static __attribute__((noinline)) void spin_bare(uint64_t turns)
{
	for (uint64_t i = 0; i < turns; i++)
		__asm__ volatile("" ::: "memory");
}

static uint64_t take_bare(struct worker *w)
{
	uint64_t began = cpu_now();

	for (uint64_t left = TURN; left && !loop_stopped(w); left -= CHUNK)
		spin_bare(CHUNK);
	return cpu_now() - began;
}

static uint64_t take_measured(struct worker *w)
{
	uint64_t began = cpu_now();

	loop_spin(w, TURN);
	return cpu_now() - began;
}

static void step(struct worker *w)
{
	uint64_t bare, measured;

	/* which comes first changes, so that what drifts meets both alike */
	if (count % 2) {
		bare = take_bare(w);
		measured = take_measured(w);
	} else {
		measured = take_measured(w);
		bare = take_bare(w);
	}
	if (loop_stopped(w) || count == MOST_TURNS)
		return;
	ratios[count++] = (double)measured / (double)bare;
}

static int compare(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

static void finish(struct worker *w)
{
	(void)w;
	qsort(ratios, count, sizeof(ratios[0]), compare);
	if (count)
		printf("%.5f %.5f %.5f %zu\n", ratios[count / 4], ratios[count / 2],
		       ratios[count * 3 / 4], count);
	fflush(stdout);
}

KTSTR_CUSTOM_WORK(.step = step, .finish = finish);

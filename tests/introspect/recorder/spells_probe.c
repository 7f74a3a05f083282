// SPDX-License-Identifier: Apache-2.0
/*
 * Labours for as many milliseconds of CPU time as its argument says, and makes way meanwhile;
 * prints how long it had the CPU, and how long all of it took, for spells_test.py.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ktstr/sampler/spells.h"

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * NS + (__u64)now.tv_nsec;
}

int main(int argc, char **argv)
{
	__u64 labour_ns = argc > 1 ? strtoull(argv[1], NULL, 10) * 1000000 : 0;
	__u64 began_ns = now_ns(), until_ns = cpu_time_ns();

	while (cpu_time_ns() < labour_ns)
		make_way(&until_ns);
	printf("%llu %llu\n", cpu_time_ns(), now_ns() - began_ns);
	for (__u64 had_ns = 0; had_ns <= 100000000; had_ns += 1000000)
		printf("%llu ", spell_of_others(had_ns));
	puts("");
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/* Reads numbers from standard input and prints the bucket of each, for histogram_test.py. */
#include <inttypes.h>
#include <stdio.h>

#include "ktstr/worker/histogram.h"

int main(void)
{
	uint64_t value;

	while (scanf("%" SCNu64, &value) == 1)
		printf("%u\n", histogram_bucket(value));
	return 0;
}

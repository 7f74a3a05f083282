// SPDX-License-Identifier: Apache-2.0
/* A scheduler's user space that dies before it loads anything: crash SIGNAL. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int *volatile nowhere = NULL;

	puts("reading the configuration");
	fflush(stdout);
	if (argc > 1)
		raise(atoi(argv[1]));
	return *nowhere;
}

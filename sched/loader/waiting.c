// SPDX-License-Identifier: Apache-2.0
#include "waiting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_size(int fd, size_t *size);
static bool read_all(int fd, char *bytes, size_t size);
static bool part(char *bytes, size_t size, int *argc, char ***argv);

enum outcome wait_for_arguments(int fd, int *argc, char ***argv)
{
	char *bytes = NULL;
	size_t size = 0;

	puts("ready");
	fflush(stdout);
	if (!read_size(fd, &size))
		return OUTCOME_CLEAN;
	if (size)
		bytes = malloc(size);
	if (bytes && read_all(fd, bytes, size) && part(bytes, size, argc, argv))
		return OUTCOME_NONE;
	fprintf(stderr, "scx-loader: no command line came in %zu bytes\n", size);
	return OUTCOME_USAGE;
}

/* Byte by byte: what follows is not ours. */
static bool read_size(int fd, size_t *size)
{
	char line[16];
	size_t length;

	for (length = 0; length < sizeof(line) && read_all(fd, line + length, 1); length++) {
		if (line[length] != '\n')
			continue;
		line[length] = '\0';
		*size = strtoul(line, NULL, 10);
		return true;
	}
	return false;
}

static bool read_all(int fd, char *bytes, size_t size)
{
	while (size) {
		ssize_t count = read(fd, bytes, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		bytes += count;
		size -= count;
	}
	return true;
}

/* The first argument stays the program's name. */
static bool part(char *bytes, size_t size, int *argc, char ***argv)
{
	size_t most = 2, i;
	char **words;

	if (bytes[size - 1])
		return false;
	for (i = 0; i < size; i++)
		most += !bytes[i];
	words = calloc(most, sizeof(*words));
	if (!words)
		return false;
	words[0] = (*argv)[0];
	*argc = 1;
	for (i = 0; i < size; i += strlen(bytes + i) + 1)
		words[(*argc)++] = bytes + i;
	*argv = words;
	return true;
}

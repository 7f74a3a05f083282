// SPDX-License-Identifier: Apache-2.0
/* The numbers of the command line that the agent gives, whatever the type: their bounds. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options/options.h"

#define US 3600000000ll
#define FD (1 << 20)
#define ID ((1ll << 32) - 2)
#define NUMBER(field, low, high, otherwise)                                                        \
	{#field, offsetof(struct options, field), low, high, otherwise}

static const struct {
	const char *key;
	size_t offset;
	int64_t low;
	int64_t high;
	int64_t otherwise;
} NUMBERS[] = {
	NUMBER(rt_priority, 0, 99, 0), NUMBER(nice, -20, 19, 0),
	NUMBER(runtime_us, 0, US, 0),  NUMBER(deadline_us, 0, US, 0),
	NUMBER(period_us, 0, US, 0),   NUMBER(uid, 0, ID, -1),
	NUMBER(gid, 0, ID, -1),	       NUMBER(start_fd, 0, FD, -1),
	NUMBER(report_fd, 0, FD, -1),  NUMBER(shared_fd, 0, FD, -1),
	NUMBER(in_fd, 0, FD, -1),      NUMBER(out_fd, 0, FD, -1),
	NUMBER(event_fd, 0, FD, -1),   NUMBER(slot, 0, 65535, 0),
	NUMBER(slots, 1, 65536, 1),    NUMBER(group, 1, 512, 1),
	NUMBER(seed, 0, INT64_MAX, 0), NUMBER(parent, 1, 1 << 30, -1),
};

#define COUNT (sizeof(NUMBERS) / sizeof(NUMBERS[0]))

static int64_t *field(struct options *opt, size_t i)
{
	return (int64_t *)((char *)opt + NUMBERS[i].offset);
}

void options_init_numbers(struct options *opt)
{
	for (size_t i = 0; i < COUNT; i++)
		*field(opt, i) = NUMBERS[i].otherwise;
}

bool options_parse_number(const char *text, int64_t low, int64_t high, int64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	return !errno && end != text && !*end && *value >= low && *value <= high;
}

bool options_set_number(struct options *opt, const char *key, const char *text)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (strcmp(NUMBERS[i].key, key))
			continue;
		if (options_parse_number(text, NUMBERS[i].low, NUMBERS[i].high, field(opt, i)))
			return true;
		fprintf(stderr,
			"ktstr-worker: %s=%s is no number from %" PRId64 " to %" PRId64 "\n", key,
			text, NUMBERS[i].low, NUMBERS[i].high);
		return false;
	}
	fprintf(stderr, "ktstr-worker: unknown key %s\n", key);
	return false;
}

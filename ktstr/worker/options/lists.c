// SPDX-License-Identifier: Apache-2.0
/* Words of the command line that are no plain number: policies, CPUs, memory policies. */
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options/options.h"
#include "place/place.h"

struct name {
	const char *text;
	int value;
};

static const struct name POLICIES[] = {
	{"normal", SCHED_OTHER}, {"batch", SCHED_BATCH}, {"idle", SCHED_IDLE},
	{"fifo", SCHED_FIFO},	 {"rr", SCHED_RR},	 {"deadline", SCHED_DEADLINE},
	{"ext", SCHED_EXT},
};

static const struct name MODES[] = {
	{"default", MPOL_DEFAULT},
	{"preferred", MPOL_PREFERRED},
	{"bind", MPOL_BIND},
	{"interleave", MPOL_INTERLEAVE},
	{"local", MPOL_LOCAL},
	{"preferred_many", MPOL_PREFERRED_MANY},
	{"weighted_interleave", MPOL_WEIGHTED_INTERLEAVE},
};

static const struct name FLAGS[] = {
	{"static", MPOL_F_STATIC_NODES},
	{"relative", MPOL_F_RELATIVE_NODES},
	{"balancing", MPOL_F_NUMA_BALANCING},
};

#define COUNT(names) (sizeof(names) / sizeof((names)[0]))

static int by_name(const struct name *names, size_t count, const char *text, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(names[i].text) == length && !strncmp(names[i].text, text, length))
			return names[i].value;
	}
	return -1;
}

static const char *by_value(const struct name *names, size_t count, int value)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i].value == value)
			return names[i].text;
	}
	return "unknown";
}

int options_policy_by_name(const char *text)
{
	return by_name(POLICIES, COUNT(POLICIES), text, strlen(text));
}

const char *options_policy_name(int policy)
{
	return by_value(POLICIES, COUNT(POLICIES), policy);
}

const char *options_memory_mode(int mode)
{
	return by_value(MODES, COUNT(MODES), mode);
}

const char *options_memory_flags(int mode, char *out, size_t size)
{
	out[0] = '\0';
	for (size_t i = 0; i < COUNT(FLAGS); i++) {
		if (mode & FLAGS[i].value)
			snprintf(out + strlen(out), size - strlen(out), "=%s", FLAGS[i].text);
	}
	return out;
}

/* A list like 0-3,5 up to its end or the character @last; NULL if it is none. */
static const char *parse_list(const char *at, char last, int limit, void *set,
			      void (*add)(void *set, int value))
{
	while (*at && *at != last) {
		char *end;
		long first = strtol(at, &end, 10), to = first;

		if (end != at && *end == '-') {
			at = end + 1;
			to = strtol(at, &end, 10);
		}
		if (end == at || first < 0 || to < first || to >= limit ||
		    (*end && *end != ',' && *end != last))
			return NULL;
		for (long value = first; value <= to; value++)
			add(set, (int)value);
		at = *end == ',' ? end + 1 : end;
	}
	return at;
}

static void add_cpu(void *set, int cpu)
{
	CPU_SET(cpu, (cpu_set_t *)set);
}

static void add_node(void *set, int node)
{
	node_mask_add(set, node);
}

bool options_parse_cpus(const char *text, cpu_set_t *set)
{
	CPU_ZERO(set);
	return parse_list(text, '\0', CPU_SETSIZE, set, add_cpu) != NULL;
}

bool options_parse_memory(const char *text, struct mem_policy *policy)
{
	size_t length = strcspn(text, ":=");
	const char *at = text + length;

	memset(policy, 0, sizeof(*policy));
	policy->given = true;
	policy->mode = by_name(MODES, COUNT(MODES), text, length);
	if (policy->mode < 0)
		return false;
	if (*at == ':')
		at = parse_list(at + 1, '=', NODE_MASK_BITS, &policy->nodes, add_node);
	while (at && *at == '=') {
		int flag = by_name(FLAGS, COUNT(FLAGS), at + 1, strcspn(at + 1, "="));

		if (flag < 0)
			return false;
		policy->mode |= flag;
		at += 1 + strcspn(at + 1, "=");
	}
	return at && !*at;
}

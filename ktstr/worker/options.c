// SPDX-License-Identifier: Apache-2.0
/*
 * The command line, KEY=VALUE words in any order:
 *   type=CpuSpin          a name of types.c
 *   name=w0.0.1           the process name, at most 15 bytes
 *   policy=normal|batch|idle|fifo|rr  rt_priority=0..99  nice=-20..19
 *   affinity=0-3,5        default: as inherited
 *   start_fd= report_fd= shared_fd=   inherited descriptors
 *   in_fd= out_fd=        the pipes of a pair
 *   slot= slots=          this worker's slot of the shared memory, and how many there are
 *   parent=PID            whose death ends the worker
 *   spin= burst_us= sleep_us= block_kb= blocks=   parameters of the work types
 *   file= device=         what to write to and to read from
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker.h"

struct number {
	const char *key;
	long long low;
	long long high;
	long long value;
};

enum {
	RT_PRIORITY,
	NICE,
	START_FD,
	REPORT_FD,
	SHARED_FD,
	IN_FD,
	OUT_FD,
	SLOT,
	SLOTS,
	PARENT,
	SPIN,
	BURST_US,
	SLEEP_US,
	BLOCK_KB,
	BLOCKS,
	NUMBERS,
};

#define MAX_US 3600000000ll

static const struct number DEFAULTS[NUMBERS] = {
	[RT_PRIORITY] = {"rt_priority", 0, 99, 0},
	[NICE] = {"nice", -20, 19, 0},
	[START_FD] = {"start_fd", 0, 1 << 20, -1},
	[REPORT_FD] = {"report_fd", 0, 1 << 20, -1},
	[SHARED_FD] = {"shared_fd", 0, 1 << 20, -1},
	[IN_FD] = {"in_fd", 0, 1 << 20, -1},
	[OUT_FD] = {"out_fd", 0, 1 << 20, -1},
	[SLOT] = {"slot", 0, 65535, 0},
	[SLOTS] = {"slots", 1, 65536, 1},
	[PARENT] = {"parent", 1, 1 << 30, -1},
	[SPIN] = {"spin", 1, 1ll << 40, 1024},
	[BURST_US] = {"burst_us", 1, MAX_US, 50000},
	[SLEEP_US] = {"sleep_us", 1, MAX_US, 100000},
	[BLOCK_KB] = {"block_kb", 1, 1024, 4},
	[BLOCKS] = {"blocks", 1, 1024, 16},
};

static bool parse_number(const char *text, long long low, long long high, long long *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	return !errno && end != text && !*end && *value >= low && *value <= high;
}

static bool set_number(struct number *numbers, const char *key, const char *text)
{
	for (int i = 0; i < NUMBERS; i++) {
		struct number *n = &numbers[i];

		if (strcmp(n->key, key))
			continue;
		if (parse_number(text, n->low, n->high, &n->value))
			return true;
		fprintf(stderr, "ktstr-worker: %s=%s is no number from %lld to %lld\n", key, text,
			n->low, n->high);
		return false;
	}
	fprintf(stderr, "ktstr-worker: unknown key %s\n", key);
	return false;
}

static bool parse_policy(const char *text, int *policy)
{
	static const struct {
		const char *name;
		int policy;
	} POLICIES[] = {
		{"normal", SCHED_OTHER}, {"batch", SCHED_BATCH}, {"idle", SCHED_IDLE},
		{"fifo", SCHED_FIFO},	 {"rr", SCHED_RR},
	};

	for (size_t i = 0; i < sizeof(POLICIES) / sizeof(POLICIES[0]); i++) {
		if (!strcmp(POLICIES[i].name, text)) {
			*policy = POLICIES[i].policy;
			return true;
		}
	}
	fprintf(stderr, "ktstr-worker: policy=%s is none of normal, batch, idle, fifo, rr\n", text);
	return false;
}

static bool parse_cpus(const char *text, cpu_set_t *set)
{
	CPU_ZERO(set);
	for (const char *at = text; *at;) {
		char *end;
		long first = strtol(at, &end, 10), last = first;

		if (end != at && *end == '-') {
			at = end + 1;
			last = strtol(at, &end, 10);
		}
		if (end == at || first < 0 || last < first || last >= CPU_SETSIZE ||
		    (*end && *end != ',')) {
			fprintf(stderr, "ktstr-worker: affinity=%s is no CPU list\n", text);
			return false;
		}
		for (long cpu = first; cpu <= last; cpu++)
			CPU_SET(cpu, set);
		at = *end ? end + 1 : end;
	}
	return true;
}

static bool copy_text(char *to, size_t size, const char *key, const char *text)
{
	if (strlen(text) >= size) {
		fprintf(stderr, "ktstr-worker: %s=%s is longer than %zu bytes\n", key, text,
			size - 1);
		return false;
	}
	strcpy(to, text);
	return true;
}

static bool parse_word(struct options *opt, struct number *numbers, const char *key,
		       const char *value)
{
	if (!strcmp(key, "type")) {
		opt->type = work_type_by_name(value);
		if (!opt->type)
			fprintf(stderr, "ktstr-worker: unknown work type %s\n", value);
		return opt->type;
	}
	if (!strcmp(key, "name"))
		return copy_text(opt->name, sizeof(opt->name), key, value);
	if (!strcmp(key, "file"))
		return copy_text(opt->file, sizeof(opt->file), key, value);
	if (!strcmp(key, "device"))
		return copy_text(opt->device, sizeof(opt->device), key, value);
	if (!strcmp(key, "policy"))
		return parse_policy(value, &opt->policy);
	if (!strcmp(key, "affinity")) {
		opt->has_affinity = true;
		return parse_cpus(value, &opt->affinity);
	}
	return set_number(numbers, key, value);
}

static bool complete(const struct options *opt)
{
	if (!opt->type || opt->start_fd < 0 || opt->report_fd < 0 || opt->shared_fd < 0 ||
	    opt->parent < 0) {
		fprintf(stderr, "ktstr-worker: type, parent, start_fd, report_fd and shared_fd are "
				"needed\n");
		return false;
	}
	if (opt->slot >= opt->slots || opt->slots % opt->type->group_size) {
		fprintf(stderr, "ktstr-worker: slot %u of %u does not fit groups of %u\n",
			opt->slot, opt->slots, opt->type->group_size);
		return false;
	}
	return true;
}

bool options_parse(struct options *opt, int argc, char **argv)
{
	struct number numbers[NUMBERS];

	memcpy(numbers, DEFAULTS, sizeof(numbers));
	for (int i = 1; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (!equals) {
			fprintf(stderr, "ktstr-worker: %s is not KEY=VALUE\n", argv[i]);
			return false;
		}
		*equals = '\0';
		if (!parse_word(opt, numbers, argv[i], equals + 1))
			return false;
	}
	opt->rt_priority = (int)numbers[RT_PRIORITY].value;
	opt->nice = (int)numbers[NICE].value;
	opt->start_fd = (int)numbers[START_FD].value;
	opt->report_fd = (int)numbers[REPORT_FD].value;
	opt->shared_fd = (int)numbers[SHARED_FD].value;
	opt->in_fd = (int)numbers[IN_FD].value;
	opt->out_fd = (int)numbers[OUT_FD].value;
	opt->slot = (unsigned int)numbers[SLOT].value;
	opt->slots = (unsigned int)numbers[SLOTS].value;
	opt->parent = (pid_t)numbers[PARENT].value;
	opt->spin = (uint64_t)numbers[SPIN].value;
	opt->burst_ns = (uint64_t)numbers[BURST_US].value * 1000;
	opt->sleep_ns = (uint64_t)numbers[SLEEP_US].value * 1000;
	opt->block_size = (size_t)numbers[BLOCK_KB].value * 1024;
	opt->blocks = (unsigned int)numbers[BLOCKS].value;
	return complete(opt);
}

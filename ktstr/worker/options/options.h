/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line asks a worker to be; options/options.c lists the keys. */
#ifndef KTSTR_WORKER_OPTIONS_H
#define KTSTR_WORKER_OPTIONS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORKER_PATH_SIZE 256
#define OPTIONS_MAX_PARAMS 32
#define NODE_MASK_BITS 1024
#define NODE_MASK_WORD (8 * sizeof(unsigned long))

/* NUMA nodes as set_mempolicy(2) takes them. */
struct node_mask {
	unsigned long bits[NODE_MASK_BITS / NODE_MASK_WORD];
};

static inline void node_mask_add(struct node_mask *mask, int node)
{
	mask->bits[(size_t)node / NODE_MASK_WORD] |= 1ul << (size_t)node % NODE_MASK_WORD;
}

static inline bool node_mask_has(const struct node_mask *mask, int node)
{
	return mask->bits[(size_t)node / NODE_MASK_WORD] >> (size_t)node % NODE_MASK_WORD & 1;
}

/* A memory policy; `given` is false where the worker keeps the one it was started with. */
struct mem_policy {
	bool given;
	int mode; /* MPOL_* and its flags */
	struct node_mask nodes;
};

/* A word param.NAME=VALUE, a number or not; the texts are the command line's. */
struct option_param {
	const char *name;
	const char *text;
	int64_t value;
	bool is_number;
};

struct work_type;

/* Numbers are in the unit that their name ends in; -1 where not given, unless numbers.c says. */
struct options {
	const struct work_type *type;
	char label[16]; /* of this worker, whatever it is called */
	char name[16];
	int policy;
	bool has_affinity;
	cpu_set_t affinity;
	struct mem_policy memory;
	char file[WORKER_PATH_SIZE];
	char device[WORKER_PATH_SIZE];
	struct option_param params[OPTIONS_MAX_PARAMS];
	size_t param_count;
	int64_t rt_priority, nice, runtime_us, deadline_us, period_us, uid, gid;
	int64_t start_fd, report_fd, shared_fd, in_fd, out_fd, event_fd;
	int64_t slot, slots, group, seed, parent;
};

/*
 * Reads the words up to the end or a word `--`; returns how many, or -1 and a message on stderr.
 * What is there already is a default.
 */
int options_read(struct options *opt, int argc, char **argv);

/* All numbers at their defaults. */
void options_init(struct options *opt);

/* False, and a message on stderr, if something is missing or does not fit. */
bool options_complete(const struct options *opt);

/* options/numbers.c: sets the number @key; false and a message on stderr. */
bool options_set_number(struct options *opt, const char *key, const char *text);
bool options_parse_number(const char *text, int64_t low, int64_t high, int64_t *value);
void options_init_numbers(struct options *opt);

/* options/lists.c: CPU and node lists of Documentation/admin-guide/cputopology.rst. */
bool options_parse_cpus(const char *text, cpu_set_t *set);
bool options_parse_memory(const char *text, struct mem_policy *policy);
int options_policy_by_name(const char *text);
const char *options_policy_name(int policy);

#endif

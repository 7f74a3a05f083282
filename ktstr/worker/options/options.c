// SPDX-License-Identifier: Apache-2.0
/*
 * The command line, KEY=VALUE words in any order:
 *   type=CpuSpin          a name that WORK_TYPE of work_type.h gives
 *   label=w0.0.1          which worker this is, at most 15 bytes
 *   name=w0.0.1           its name as a task, at most 15 bytes
 *   policy=normal|batch|idle|fifo|rr|deadline|ext  rt_priority=0..99  nice=-20..19
 *   runtime_us= deadline_us= period_us=            of policy=deadline
 *   affinity=0-3,5        default: as inherited
 *   memory=bind:0-1=static   a memory policy as ktstr/model/work/mem_policy.py writes it
 *   uid= gid=             default: as inherited
 *   start_fd= report_fd= shared_fd=   inherited descriptors
 *   in_fd= out_fd= event_fd=          the pipes of a pair, the eventfd of a group
 *   slot= slots= group=   this worker's slot of the shared memory, how many there are, and how many
 *                         make one group
 *   parent=PID            whose death ends the worker
 *   file= device=         what to write to and to read from
 *   param.NAME=VALUE      a parameter of the type: params.c
 *   any other             a number of numbers.c
 * A word `--` begins another worker of the same process, a thread of it: it is what the words up to
 * the first `--` say, and its own.
 */
#include "options/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "worker.h"

#define PARAM_KEY "param."

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

static bool is_wrong(const char *key, const char *value, const char *why)
{
	fprintf(stderr, "ktstr-worker: %s=%s %s\n", key, value, why);
	return false;
}

static bool set_param(struct options *opt, const char *name, const char *value)
{
	struct option_param *param = &opt->params[opt->param_count];

	if (opt->param_count == OPTIONS_MAX_PARAMS)
		return is_wrong(name, value, "is one parameter too many");
	param->name = name;
	param->text = value;
	param->is_number = options_parse_number(value, INT64_MIN + 1, INT64_MAX, &param->value);
	opt->param_count++;
	return true;
}

static bool set_choice(struct options *opt, const char *key, const char *value, bool *known)
{
	*known = true;
	if (!strcmp(key, "type")) {
		opt->type = work_type_by_name(value);
		return opt->type || is_wrong(key, value, "is an unknown work type");
	}
	if (!strcmp(key, "policy")) {
		opt->policy = options_policy_by_name(value);
		return opt->policy >= 0 || is_wrong(key, value, "is an unknown policy");
	}
	if (!strcmp(key, "affinity")) {
		opt->has_affinity = true;
		return options_parse_cpus(value, &opt->affinity) ||
		       is_wrong(key, value, "is no CPU list");
	}
	if (!strcmp(key, "memory"))
		return options_parse_memory(value, &opt->memory) ||
		       is_wrong(key, value, "is no memory policy");
	*known = false;
	return true;
}

static bool set_word(struct options *opt, const char *key, const char *value)
{
	bool known, fits = set_choice(opt, key, value, &known);

	if (known)
		return fits;
	if (!strcmp(key, "label"))
		return copy_text(opt->label, sizeof(opt->label), key, value);
	if (!strcmp(key, "name"))
		return copy_text(opt->name, sizeof(opt->name), key, value);
	if (!strcmp(key, "file"))
		return copy_text(opt->file, sizeof(opt->file), key, value);
	if (!strcmp(key, "device"))
		return copy_text(opt->device, sizeof(opt->device), key, value);
	if (!strncmp(key, PARAM_KEY, strlen(PARAM_KEY)))
		return set_param(opt, key + strlen(PARAM_KEY), value);
	return options_set_number(opt, key, value);
}

void options_init(struct options *opt)
{
	memset(opt, 0, sizeof(*opt));
	options_init_numbers(opt);
}

int options_read(struct options *opt, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (!strcmp(argv[i], "--"))
			return i;
		if (!equals) {
			fprintf(stderr, "ktstr-worker: %s is not KEY=VALUE\n", argv[i]);
			return -1;
		}
		*equals = '\0';
		if (!set_word(opt, argv[i], equals + 1))
			return -1;
	}
	return argc;
}

bool options_complete(const struct options *opt)
{
	if (!opt->type || opt->start_fd < 0 || opt->report_fd < 0 || opt->shared_fd < 0 ||
	    opt->parent < 0) {
		fprintf(stderr, "ktstr-worker: type, parent, start_fd, report_fd and shared_fd are "
				"needed\n");
		return false;
	}
	if (opt->slot >= opt->slots || opt->slots % opt->group ||
	    (opt->type->group_size && opt->group != opt->type->group_size)) {
		fprintf(stderr,
			"ktstr-worker: slot %" PRId64 " of %" PRId64 " in groups of %" PRId64
			" does not fit %s\n",
			opt->slot, opt->slots, opt->group, opt->type->name);
		return false;
	}
	return true;
}

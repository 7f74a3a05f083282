// SPDX-License-Identifier: Apache-2.0
/* The parameters of a worker's type: the words param.NAME=VALUE of its command line. */
#include <stdio.h>
#include <string.h>

#include "custom.h"
#include "worker.h"

#define BETWEEN ", "

/* The length of the next name of a list like "hold, spin", which begins at *@at then; 0: no more.
 */
static size_t next_name(const char **at)
{
	if (!*at)
		return 0;
	*at += strspn(*at, BETWEEN);
	return strcspn(*at, BETWEEN);
}

static bool has_name(const char *list, const char *name)
{
	for (size_t length; (length = next_name(&list)); list += length) {
		if (strlen(name) == length && !strncmp(list, name, length))
			return true;
	}
	return false;
}

static const struct option_param *find(const struct options *opt, const char *name, size_t length)
{
	for (size_t i = 0; i < opt->param_count; i++) {
		const struct option_param *param = &opt->params[i];

		if (strlen(param->name) == length && !strncmp(param->name, name, length))
			return param;
	}
	return NULL;
}

static bool is_missing(const struct work_type *type, const char *name, size_t length)
{
	fprintf(stderr, "ktstr-worker: %s lacks its parameter %.*s\n", type->name, (int)length,
		name);
	return false;
}

static bool is_no_number(const struct option_param *param)
{
	fprintf(stderr, "ktstr-worker: param.%s=%s is no number\n", param->name, param->text);
	return false;
}

/* Whether each parameter that was given is one of the type's. */
static bool are_known(const struct options *opt)
{
	const struct work_type *type = opt->type;

	for (size_t i = 0; i < opt->param_count; i++) {
		const struct option_param *param = &opt->params[i];

		if (has_name(type->texts, param->name))
			continue;
		if (!param->is_number)
			return is_no_number(param);
		if (type->any_params || has_name(type->params, param->name))
			continue;
		fprintf(stderr, "ktstr-worker: %s has no parameter %s; it has: %s\n", type->name,
			param->name, type->params ? type->params : "none");
		return false;
	}
	return true;
}

bool params_take(struct worker *w)
{
	const struct work_type *type = w->opt.type;
	const char *at = type->params;
	size_t count = 0;

	if (!are_known(&w->opt))
		return false;
	for (size_t length; (length = next_name(&at)); at += length) {
		const struct option_param *param = find(&w->opt, at, length);

		if (!param)
			return is_missing(type, at, length);
		w->params[count++] = param->value;
	}
	at = type->texts;
	for (size_t length; (length = next_name(&at)); at += length) {
		if (!find(&w->opt, at, length))
			return is_missing(type, at, length);
	}
	return true;
}

const char *params_text(const struct worker *w, const char *name)
{
	return find(&w->opt, name, strlen(name))->text;
}

int64_t custom_param(const struct worker *w, const char *name, int64_t otherwise)
{
	const struct option_param *param = find(&w->opt, name, strlen(name));

	return param ? param->value : otherwise;
}

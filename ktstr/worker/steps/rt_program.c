// SPDX-License-Identifier: Apache-2.0
/* The program of a task of an rt-app workload; see rt_program.h. */
#include "steps/rt_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_called(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && !strncmp(word, name, length);
}

/* NAME:a:b:c, which ends at a comma or the end. */
static bool read_word(struct rt_program *program, const char *word, const struct rt_op *ops,
		      size_t count)
{
	size_t length = strcspn(word, ":,");
	struct rt_event event = {.text = word[length] == ':' ? word + length + 1 : ""};
	int64_t *const numbers[] = {&event.a, &event.b, &event.c};
	const char *at = event.text;

	for (int i = 0; i < 3 && *at && *at != ','; i++) {
		*numbers[i] = strtoll(at, NULL, 10);
		at += strcspn(at, ":,");
		at += *at == ':';
	}
	if (is_called(word, length, "task")) {
		program->delay_us = event.a;
		program->loop = event.b;
		return true;
	}
	if (is_called(word, length, "phase")) {
		program->phases[program->phase_count++] =
			(struct rt_phase){event.a, program->event_count, program->event_count};
		return true;
	}
	for (size_t i = 0; i < count && program->phase_count; i++) {
		if (!is_called(word, length, ops[i].name))
			continue;
		event.op = &ops[i];
		program->events[program->event_count++] = event;
		program->phases[program->phase_count - 1].end = program->event_count;
		return true;
	}
	return false;
}

int rt_program_read(struct rt_program *program, const char *text, const struct rt_op *ops,
		    size_t count)
{
	size_t words = 1;

	for (const char *at = text; *at; at++)
		words += *at == ',';
	program->events = calloc(words, sizeof(*program->events));
	program->phases = calloc(words, sizeof(*program->phases));
	if (!program->events || !program->phases)
		return -ENOMEM;
	for (const char *at = text; at; at = strchr(at, ','), at = at ? at + 1 : NULL) {
		if (!read_word(program, at, ops, count))
			return -EINVAL;
	}
	return program->phase_count ? 0 : -EINVAL;
}

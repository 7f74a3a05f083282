// SPDX-License-Identifier: Apache-2.0
/*
 * The recorder's structures as its C has them, for layout_test.py.  Without arguments: one of each
 * that the host reads, every member of another value, a line of hexadecimal each, and its size; and
 * those of what the host writes.  "read": what a plan and one target on standard input say.
 */
#include <stdio.h>
#include <string.h>

#include "ktstr/sampler/recording.h"

static void put(const char *name, const void *bytes, size_t size)
{
	printf("%s ", name);
	for (size_t i = 0; i < size; i++)
		printf("%02x", ((const unsigned char *)bytes)[i]);
	printf(" %zu\n", size);
}

static void put_state(void)
{
	struct recording_state s = {
		.taken = 1,
		.ended = 2,
		.dropped = 3,
		.evicted = 4,
		.missed = 5,
		.missed_returns = 6,
		.missed_events = 7,
		.waits_ns = 8,
		.looked_ns = 9,
		.subject = "subject",
		.kernel = 10,
		.waited = 11,
		.stacks = 12,
		.hand = 13,
	};

	put("state", &s, sizeof(s));
	s.ended = RECORDING_TOLD;
	put("told", &s, sizeof(s));
}

static void put_target(void)
{
	struct target t = {
		.name = "name",
		.program = "program",
		.flags = 1,
		.place = 2,
		.arguments = 3,
		.fields = 4,
		.results = 5,
		.end = 6,
		.end_least = 7,
		.task = 8,
		.queue = 9,
		.how = HOW_FENTRY,
		.how_return = HOW_KPROBE,
		.error = -10,
		.missed = 11,
		.missed_returns = 12,
	};

	put("target", &t, sizeof(t));
}

static void put_record(void)
{
	struct record r = {
		.ticket = 1,
		.at_ns = 2,
		.result = 3,
		.target = 4,
		.pid = 5,
		.cpu = 6,
		.stack = 7,
		.returns = 1,
		.size = 8,
		.comm = "comm",
		.data = "readdata",
	};

	put("record", &r, sizeof(r));
}

static void put_stack(void)
{
	struct recorded_stack stack = {.frames = 2, .addresses = {3, 4}};

	put("stack", &stack, sizeof(stack));
}

static void put_log(void)
{
	struct task_log log = {
		.waiting_since_ns = 1,
		.next = 2,
		.pid = 3,
		.kernel = 4,
		.fresh = 5,
		.comm = "comm",
		.events =
			{
				{.at_ns = 6,
				 .value = 7,
				 .other = 8,
				 .cpu = 9,
				 .kind = EVENT_MIGRATES},
				{.at_ns = 10,
				 .value = EVENT_RUNNABLE,
				 .other = 11,
				 .cpu = 12,
				 .kind = EVENT_STOPS},
			},
	};

	put("log", &log, sizeof(log));
}

static void say_read(const struct target_read *read)
{
	printf("argument %u offsets %u size %u offset", read->argument, read->offsets, read->size);
	for (int i = 0; i < RECORDING_OFFSETS; i++)
		printf(" %d", read->offset[i]);
	puts("");
}

static int say(void)
{
	struct recording_plan p;
	struct target t;

	if (fread(&p, sizeof(p), 1, stdin) != 1 || fread(&t, sizeof(t), 1, stdin) != 1 ||
	    getchar() != EOF)
		return 1;
	printf("magic %u version %u targets %u ops_type %u waits_ns %llu subject %s kernel %u\n",
	       p.magic, p.version, p.targets, p.ops_type, p.waits_ns, p.subject, p.kernel);
	printf("name %s program %s flags %u place %u arguments %u fields %u results %u\n", t.name,
	       t.program, t.flags, t.place, t.arguments, t.fields, t.results);
	printf("end %u end_least %u task %u queue %u how %u how_return %u error %d missed %u %u\n",
	       t.end, t.end_least, t.task, t.queue, t.how, t.how_return, t.error, t.missed,
	       t.missed_returns);
	for (int i = 0; i < t.arguments + t.fields + t.results; i++)
		say_read(&t.reads[i]);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "read"))
		return say();
	put_state();
	put_target();
	put_record();
	put_stack();
	put_log();
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * ktstr-sampler: loads BPF programs that watch the scheduler, and serves the agent, its parent,
 * over its standard streams.
 *
 *     ktstr-sampler sampler|witness|recorder OBJECT
 *
 * A request is a line, its answer one or more, the last of them `ok` or `error TEXT`; of sampler
 * and witness: cgroup ID    watch the tasks of this cgroup (the inode number of its directory), too
 *     phase N      phase N begins
 *     drain        what was seen in the other phases, as lines of JSON
 *     quit         all that is left, and what it cost, as lines of JSON; then it ends
 * and those that sampler.c, witness.c and recorder.c have of their own.  The first line, once it is
 * ready, answers nothing: it is `ok` or `error TEXT`, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "ktstr/sampler/serve.h"

#define SAID_SIZE 512

static const struct service *const SERVICES[] = {&sampler_service, &witness_service,
						 &recorder_service};

/* Why libbpf refused, whose return values are but numbers. */
static char said[SAID_SIZE];

/* The verifier ends its log with its reason, and then a line of statistics. */
static void keep_reason(char *log)
{
	char *end = strstr(log, "\nprocessed "), *reason;

	if (!end)
		return;
	*end = '\0';
	reason = strrchr(log, '\n');
	snprintf(said, sizeof(said), "%s", reason ? reason + 1 : log);
}

/* Of several warnings the first says most, but for the verifier's log, which says all. */
static int keep_warning(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *text;

	if (level != LIBBPF_WARN)
		return 0;
	if (vasprintf(&text, format, arguments) < 0)
		return 0;
	fputs(text, stderr);
	if (!said[0])
		snprintf(said, sizeof(said), "%s", text);
	keep_reason(text);
	free(text);
	return 0;
}

bool refuse(const char *what)
{
	int error = errno;

	said[strcspn(said, "\n")] = '\0';
	printf("error cannot %s: %s%s%s\n", what, strerror(error), said[0] ? "; " : "", said);
	return false;
}

struct bpf_object *open_object(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);

	if (!object)
		refuse("open the object");
	return object;
}

bool load_object(struct bpf_object *object)
{
	return !bpf_object__load(object) || refuse("load the programs");
}

/* As the agent: Documentation/filesystems/proc.rst, 3.1. */
static bool keep_from_oom_killer(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "we");

	if (!file)
		return false;
	fputs("-1000", file);
	return !fclose(file);
}

/* Answers one request; false when it was the last. */
static bool answer(const struct service *service, const char *line)
{
	size_t length = strcspn(line, " ");

	if (!strcmp(line, "quit")) {
		if (service->finish())
			puts("ok");
		return false;
	}
	for (const struct request *r = service->requests; r->word; r++) {
		if (strlen(r->word) == length && !strncmp(r->word, line, length)) {
			if (r->answer(line + length))
				puts("ok");
			return true;
		}
	}
	printf("error unknown request %s\n", line);
	return true;
}

static const struct service *service_of(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof(SERVICES) / sizeof(SERVICES[0]); i++) {
		if (!strcmp(SERVICES[i]->name, argv[1]))
			return SERVICES[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct sched_param highest = {.sched_priority = 98};
	const struct service *service = service_of(argc, argv);
	char line[64];

	if (!service) {
		fputs("usage: ktstr-sampler sampler|witness|recorder OBJECT\n", stderr);
		return 1;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* a scheduler under test must not keep the phases from turning */
	if (sched_setscheduler(0, SCHED_FIFO, &highest)) {
		refuse("become real-time");
		return 2;
	}
	if (!keep_from_oom_killer()) {
		refuse("be kept from the OOM killer");
		return 2;
	}
	libbpf_set_print(keep_warning);
	if (!service->start(argv[2]))
		return 2;
	puts("ok");
	while (!fflush(stdout) && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!answer(service, line))
			break;
	}
	return 0;
}

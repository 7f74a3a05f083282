// SPDX-License-Identifier: Apache-2.0
/*
 * ktstr-sampler: loads sampler.bpf.c, and serves the agent, its parent, over its standard streams.
 *
 *     ktstr-sampler OBJECT
 *
 * A request is a line, its answer one or more, the last of them `ok` or `error TEXT`:
 *     cgroup ID    measure the tasks of this cgroup (the inode number of its directory), too
 *     phase N      phase N begins
 *     drain        what was measured in the other phases, as lines of JSON
 *     quit         all that is left, and what the programs cost, as lines of JSON; then it ends
 * The first line, once the programs are attached, answers nothing: it is `ok` or `error TEXT`, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ktstr/sampler/drain.h"
#include "ktstr/sampler/samples.h"

#define MAX_PROGRAMS 8
#define SAID_SIZE 512

struct sampler {
	struct bpf_object *object;
	struct bpf_link *links[MAX_PROGRAMS];
	size_t nr_links;
	int samples;
	int cgroups;
	int control;
	struct sample_control now;
};

/* The last warning of libbpf, whose return values are but numbers. */
static char said[SAID_SIZE];

static int keep_warning(enum libbpf_print_level level, const char *format, va_list arguments)
{
	va_list again;

	if (level != LIBBPF_WARN)
		return 0;
	va_copy(again, arguments);
	vsnprintf(said, sizeof(said), format, again);
	va_end(again);
	return vfprintf(stderr, format, arguments);
}

static bool refuse(const char *what)
{
	int error = errno;

	said[strcspn(said, "\n")] = '\0';
	printf("error cannot %s: %s%s%s\n", what, strerror(error), said[0] ? "; " : "", said);
	return false;
}

static bool set_control(struct sampler *s)
{
	struct sample_control old;
	__u32 only = 0;

	if (!bpf_map_lookup_elem(s->control, &only, &old))
		s->now.dropped = old.dropped;
	return !bpf_map_update_elem(s->control, &only, &s->now, BPF_ANY);
}

static bool attach(struct sampler *s, const char *path)
{
	struct bpf_program *program;

	s->object = bpf_object__open_file(path, NULL);
	if (!s->object)
		return refuse("open the sampler's object");
	if (bpf_object__load(s->object))
		return refuse("load the sampler's programs");
	s->samples = bpf_object__find_map_fd_by_name(s->object, "samples");
	s->cgroups = bpf_object__find_map_fd_by_name(s->object, "cgroups");
	s->control = bpf_object__find_map_fd_by_name(s->object, "control");
	s->now.parent = (__u32)getppid();
	if (!set_control(s))
		return refuse("set up the sampler");
	bpf_object__for_each_program(program, s->object) {
		struct bpf_link *link = bpf_program__attach(program);

		if (!link)
			return refuse(bpf_program__section_name(program));
		s->links[s->nr_links++] = link;
	}
	return true;
}

static bool add_cgroup(struct sampler *s, const char *text)
{
	__u64 id = strtoull(text, NULL, 10);
	__u8 yes = 1;

	return !bpf_map_update_elem(s->cgroups, &id, &yes, BPF_ANY) || refuse("measure the cgroup");
}

/* From when it returns on, no program of the phase before is still running. */
static bool turn(struct sampler *s, __u32 phase)
{
	s->now.phase = phase;
	if (!set_control(s))
		return refuse("begin the phase");
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		return refuse("wait for programs of the phase before");
	return true;
}

static bool drain(struct sampler *s)
{
	return drain_samples(stdout, s->samples, s->now.phase) || refuse("read the samples");
}

static void detach(struct sampler *s)
{
	while (s->nr_links)
		bpf_link__destroy(s->links[--s->nr_links]);
}

static bool finish(struct sampler *s)
{
	detach(s);
	if (!turn(s, s->now.phase + 1) || !drain(s))
		return false;
	drain_costs(stdout, s->object, s->now.dropped);
	return true;
}

/* Answers one request; false when it was the last. */
static bool answer(struct sampler *s, const char *line)
{
	bool done;

	if (!strncmp(line, "cgroup ", 7)) {
		done = add_cgroup(s, line + 7);
	} else if (!strncmp(line, "phase ", 6)) {
		done = turn(s, (__u32)strtoul(line + 6, NULL, 10));
	} else if (!strcmp(line, "drain")) {
		done = drain(s);
	} else if (!strcmp(line, "quit")) {
		if (finish(s))
			puts("ok");
		return false;
	} else {
		printf("error unknown request %s\n", line);
		return true;
	}
	if (done)
		puts("ok");
	return true;
}

int main(int argc, char **argv)
{
	struct sched_param highest = {.sched_priority = 98};
	struct sampler sampler = {0};
	char line[64];
	int costs;

	if (argc != 2) {
		fputs("usage: ktstr-sampler OBJECT\n", stderr);
		return 1;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* a scheduler under test must not keep the phases from turning */
	if (sched_setscheduler(0, SCHED_FIFO, &highest)) {
		refuse("become real-time");
		return 2;
	}
	libbpf_set_print(keep_warning);
	costs = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (costs < 0) {
		refuse("have the programs' cost measured");
		return 2;
	}
	if (!attach(&sampler, argv[1]))
		return 2;
	puts("ok");
	while (!fflush(stdout) && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!answer(&sampler, line))
			break;
	}
	detach(&sampler);
	bpf_object__close(sampler.object);
	close(costs);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/* The service `sampler`: programs at the scheduler's tracepoints; see main.c. */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "ktstr/sampler/drain.h"
#include "ktstr/sampler/samples.h"
#include "ktstr/sampler/serve.h"

#define MAX_PROGRAMS 8

static struct {
	struct bpf_object *object;
	struct bpf_link *links[MAX_PROGRAMS];
	size_t nr_links;
	int samples;
	int cgroups;
	int control;
	struct sample_control now;
} s;

static bool set_control(void)
{
	struct sample_control old;
	__u32 only = 0;

	if (!bpf_map_lookup_elem(s.control, &only, &old))
		s.now.dropped = old.dropped;
	return !bpf_map_update_elem(s.control, &only, &s.now, BPF_ANY);
}

static bool start(const char *path)
{
	struct bpf_program *program;

	/* until this process ends */
	if (bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		return refuse("have the programs' cost measured");
	s.object = open_object(path);
	if (!s.object || !load_object(s.object))
		return false;
	s.samples = bpf_object__find_map_fd_by_name(s.object, "samples");
	s.cgroups = bpf_object__find_map_fd_by_name(s.object, "cgroups");
	s.control = bpf_object__find_map_fd_by_name(s.object, "control");
	s.now.parent = (__u32)getppid();
	if (!set_control())
		return refuse("set up the sampler");
	bpf_object__for_each_program(program, s.object) {
		struct bpf_link *link = bpf_program__attach(program);

		if (!link)
			return refuse(bpf_program__section_name(program));
		s.links[s.nr_links++] = link;
	}
	return true;
}

static bool add_cgroup(const char *text)
{
	__u64 id = strtoull(text, NULL, 10);
	__u8 yes = 1;

	return !bpf_map_update_elem(s.cgroups, &id, &yes, BPF_ANY) || refuse("measure the cgroup");
}

/* From when it returns on, no program of the phase before is still running. */
static bool turn_to(__u32 phase)
{
	s.now.phase = phase;
	if (!set_control())
		return refuse("begin the phase");
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		return refuse("wait for programs of the phase before");
	return true;
}

static bool turn(const char *text)
{
	return turn_to((__u32)strtoul(text, NULL, 10));
}

static bool drain(const char *text)
{
	(void)text;
	return drain_samples(stdout, s.samples, s.now.phase) || refuse("read the samples");
}

static bool finish(void)
{
	while (s.nr_links)
		bpf_link__destroy(s.links[--s.nr_links]);
	if (!turn_to(s.now.phase + 1) || !drain(""))
		return false;
	drain_costs(stdout, s.object, s.now.dropped);
	return true;
}

static const struct request REQUESTS[] = {
	{"cgroup", add_cgroup},
	{"phase", turn},
	{"drain", drain},
	{0},
};

const struct service sampler_service = {"sampler", start, REQUESTS, finish};

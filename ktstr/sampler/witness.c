// SPDX-License-Identifier: Apache-2.0
/*
 * The service `witness`: a timer that looks at the runqueues; see main.c.  Its own requests:
 *     arm PERIOD HOLD    look each PERIOD ns from now on, and report holds of HOLD ns and more
 *     parent PID         count this process's children one by one, too, as the parent's own
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "ktstr/sampler/serve.h"
#include "ktstr/sampler/sightings.h"

static struct {
	struct bpf_object *object;
	struct ring_buffer *ring;
	struct witness_shared *shared; /* with the programs */
	int cgroups;
	__u64 unwatched;
} w;

static int map_of(const char *name)
{
	return bpf_object__find_map_fd_by_name(w.object, name);
}

static int take_hold(void *out, void *hold, size_t size)
{
	(void)size;
	put_hold(out, hold);
	return 0;
}

/* The memory of one of the object's variables; NULL: refused. */
static void *variable(const char *section, size_t least)
{
	struct bpf_map *map = bpf_object__find_map_by_name(w.object, section);
	size_t size = 0;
	void *memory = map ? bpf_map__initial_value(map, &size) : NULL;

	errno = ENOENT;
	if (memory && size >= least)
		return memory;
	refuse("find the programs' variables");
	return NULL;
}

/* As many elements as there can be CPUs, and a constant that the verifier knows. */
static bool fit_cpus(void)
{
	struct bpf_map *map = bpf_object__find_map_by_name(w.object, "cpus");
	__u32 *nr_cpus = variable(".rodata", sizeof(*nr_cpus));
	int cpus = libbpf_num_possible_cpus();

	if (!nr_cpus)
		return false;
	if (cpus < 1)
		return refuse("count the CPUs");
	if (cpus > WITNESS_MAX_CPUS)
		cpus = WITNESS_MAX_CPUS;
	*nr_cpus = (__u32)cpus;
	return !bpf_map__set_max_entries(map, (__u32)cpus) || refuse("size a map");
}

static bool start(const char *path)
{
	w.object = open_object(path);
	if (!w.object || !fit_cpus() || !load_object(w.object))
		return false;
	w.shared = variable(".data.shared", sizeof(*w.shared));
	if (!w.shared)
		return false;
	w.cgroups = map_of("cgroups");
	w.shared->control.phase = 1;
	w.shared->control.parents[0] = (__u32)getppid();
	w.ring = ring_buffer__new(map_of("holds"), take_hold, stdout, NULL);
	return w.ring || refuse("have a ring for holds");
}

static bool arm(const char *text)
{
	struct bpf_program *program = bpf_object__find_program_by_name(w.object, "arm");
	struct witness_control *control = &w.shared->control;
	LIBBPF_OPTS(bpf_test_run_opts, options);
	char *rest;

	control->period_ns = strtoull(text, &rest, 10);
	control->hold_ns = strtoull(rest, NULL, 10);
	control->armed = 1;
	if (bpf_prog_test_run_opts(bpf_program__fd(program), &options))
		return refuse("start to look");
	errno = -(int)options.retval;
	return !options.retval || refuse("start the timer");
}

static bool add_parent(const char *text)
{
	w.shared->control.parents[1] = (__u32)strtoul(text, NULL, 10);
	return true;
}

static bool add_cgroup(const char *text)
{
	__u64 id = strtoull(text, NULL, 10);
	__u8 yes = 1;

	if (!bpf_map_update_elem(w.cgroups, &id, &yes, BPF_ANY))
		return true;
	if (errno != E2BIG)
		return refuse("watch the cgroup");
	w.unwatched++;
	return true;
}

static bool turn(const char *text)
{
	w.shared->control.phase = (__u32)strtoul(text, NULL, 10) + 1;
	return true;
}

static bool drain(const char *text)
{
	__u32 now = w.shared->control.phase;

	(void)text;
	if (!drain_ran(stdout, map_of("ran"), now) || !drain_cells(stdout, map_of("cells"), now))
		return refuse("read what was seen");
	if (ring_buffer__consume(w.ring) < 0)
		return refuse("read the holds");
	return true;
}

/* Those that last until now. */
static void put_open_holds(void)
{
	int map = map_of("cpus");
	struct witness_cpu cpu;

	for (__u32 i = 0; !bpf_map_lookup_elem(map, &i, &cpu); i++) {
		if (cpu.hold.started_ns &&
		    cpu.hold.ended_ns - cpu.hold.started_ns >= w.shared->control.hold_ns)
			put_hold(stdout, &cpu.hold);
	}
}

static bool finish(void)
{
	const struct witness_account *account = &w.shared->account;

	w.shared->control.armed = 0;
	w.shared->control.phase = 0;
	if (!drain(""))
		return false;
	put_open_holds();
	printf("{\"looks\":%llu,\"late\":%llu,\"dropped\":%llu,\"cost_ns\":%llu}\n", account->looks,
	       account->late, account->dropped + w.unwatched, account->cost_ns);
	return true;
}

static const struct request REQUESTS[] = {
	{"arm", arm},	 {"parent", add_parent}, {"cgroup", add_cgroup},
	{"phase", turn}, {"drain", drain},	 {0},
};

const struct service witness_service = {"witness", start, REQUESTS, finish};

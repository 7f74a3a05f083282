// SPDX-License-Identifier: Apache-2.0
/*
 * The service `recorder`: a flight recorder at functions that the host has chosen; see main.c.  The
 * file RECORDING_PLAN says which.  Its own requests:
 *     callbacks    stand at the callbacks of the schedulers that are there now, too
 *     tell         all that was recorded last, as lines of JSON
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "ktstr/sampler/recorder.h"
#include "ktstr/sampler/serve.h"

#define RECORDING_PLAN "/ktstr/recording"
/* Records that are told: what is sent goes through a slow line. */
#define TOLD 1500

static struct {
	struct bpf_object *object;
	struct recording_plan plan;
	struct target targets[RECORDING_TARGETS];
} r;

static int map_of(const char *name)
{
	return bpf_object__find_map_fd_by_name(r.object, name);
}

static struct bpf_program *program_of(const char *name)
{
	return bpf_object__find_program_by_name(r.object, name);
}

int trace(const struct bpf_program *program, enum bpf_attach_type when, struct place place)
{
	LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = when,
		    .attach_btf_id = place.type, .attach_prog_fd = (__u32)place.program);
	LIBBPF_OPTS(bpf_link_create_opts, link, .tracing.cookie = place.target);
	int loaded, linked;

	loaded = bpf_prog_load(BPF_PROG_TYPE_TRACING, bpf_program__name(program), "GPL",
			       bpf_program__insns(program), bpf_program__insn_cnt(program), &load);
	if (loaded < 0)
		return -errno;
	linked = bpf_link_create(loaded, 0, when, &link);
	linked = linked < 0 ? -errno : linked;
	/* the link holds it, and nobody gives that back before the guest ends */
	close(loaded);
	return linked;
}

/* The link, or what went wrong, negative. */
static int probe(const char *program, const char *function, __u32 target, bool returns)
{
	LIBBPF_OPTS(bpf_kprobe_opts, options, .bpf_cookie = target, .retprobe = returns);
	struct bpf_link *link;

	link = bpf_program__attach_kprobe_opts(program_of(program), function, &options);
	return link ? bpf_link__fd(link) : -errno;
}

static enum target_how stand_at(const struct target *t, __u32 number, bool returns, int *error)
{
	struct place place = {.type = t->place, .target = number};
	enum bpf_attach_type when = returns ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY;
	int link = -ENOENT;

	if (t->place)
		link = trace(program_of(returns ? "on_return" : "on_entry"), when, place);
	if (link >= 0) {
		keep_link(number, returns, link);
		*error = 0;
		return HOW_FENTRY;
	}
	link = probe(returns ? "on_probed_return" : "on_probed_entry", t->name, number, returns);
	*error = link < 0 ? link : 0;
	if (link < 0)
		return HOW_NOT;
	keep_link(number, returns, link);
	return HOW_KPROBE;
}

static void stand_at_ticks(struct target *t, __u32 number)
{
	int link = probe("on_tick", t->name, number, false);

	t->error = link < 0 ? link : 0;
	t->how = link < 0 ? HOW_NOT : HOW_KPROBE;
}

/* What ends the recording has no return in it. */
static void stand_at_functions(void)
{
	int error;

	for (__u32 i = 0; i < r.plan.targets; i++) {
		struct target *t = &r.targets[i];

		if (t->flags & TARGET_OP)
			continue;
		if (t->flags & TARGET_TICK) {
			stand_at_ticks(t, i);
			continue;
		}
		if (!(t->flags & TARGET_ENDS) || t->end != RECORDING_NONE)
			t->how_return = stand_at(t, i, true, &error);
		t->how = stand_at(t, i, false, &t->error);
	}
}

static bool put_targets(void)
{
	int map = map_of("ktstr_targets");

	for (__u32 i = 0; i < r.plan.targets; i++) {
		if (bpf_map_update_elem(map, &i, &r.targets[i], BPF_ANY))
			return refuse("tell the programs where they are");
	}
	return true;
}

static bool read_plan(void)
{
	FILE *file = fopen(RECORDING_PLAN, "re");
	bool whole;

	if (!file)
		return refuse("open " RECORDING_PLAN);
	whole = fread(&r.plan, sizeof(r.plan), 1, file) == 1 && r.plan.magic == RECORDING_MAGIC &&
		r.plan.version == RECORDING_VERSION && r.plan.targets <= RECORDING_TARGETS &&
		fread(r.targets, sizeof(*r.targets), r.plan.targets, file) == r.plan.targets;
	fclose(file);
	errno = EINVAL;
	return whole || refuse("read " RECORDING_PLAN);
}

static bool put_state(void)
{
	struct recording_state state = {
		.waits_ns = r.plan.waits_ns,
		.kernel = r.plan.kernel,
	};
	__u32 only = 0;

	memcpy(state.subject, r.plan.subject, sizeof(state.subject) - 1);
	return !bpf_map_update_elem(map_of("ktstr_state"), &only, &state, BPF_ANY) ||
	       refuse("begin to record");
}

static bool attach_events(void)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, r.object) {
		if (strncmp(bpf_program__section_name(program), "tp_btf/", 7))
			continue;
		if (!bpf_program__attach(program))
			return refuse(bpf_program__section_name(program));
	}
	return true;
}

static bool start(const char *path)
{
	if (!read_plan())
		return false;
	r.object = open_object(path);
	if (!r.object || !load_object(r.object) || !put_state() || !put_targets())
		return false;
	stand_at_functions();
	/* how each of them is stood at is for the host */
	return put_targets() && attach_events();
}

static bool stand_at_callbacks(const char *text)
{
	(void)text;
	trace_callbacks(r.object, r.targets, r.plan.targets, r.plan.ops_type);
	return put_targets();
}

static void put_bytes(const char *map, __u64 key, const void *bytes, size_t size)
{
	printf("{\"map\":\"%s\",\"key\":%llu,\"raw\":\"", map, key);
	for (size_t i = 0; i < size; i++)
		printf("%02x", ((const unsigned char *)bytes)[i]);
	puts("\"}");
}

static void put_records(const struct recording_state *state)
{
	static struct record record;
	int map = map_of("ktstr_records");
	__u64 last = state->ended ? state->ended : state->taken;

	for (__u64 i = last > TOLD ? last - TOLD : 0; i < last; i++) {
		__u32 key = i % RECORDING_RECORDS;

		if (bpf_map_lookup_elem(map, &key, &record) || record.ticket != i + 1 ||
		    record.size > sizeof(record.data))
			continue;
		put_bytes("ktstr_records", key, &record,
			  offsetof(struct record, data) + record.size);
	}
}

static void put_stacks(const struct recording_state *state)
{
	struct recorded_stack stack;
	int map = map_of("ktstr_stacks");

	for (__u32 i = 0; i < state->stacks && i < RECORDING_STACKS; i++) {
		if (!bpf_map_lookup_elem(map, &i, &stack))
			put_bytes("ktstr_stacks", i, &stack, sizeof(stack));
	}
}

static void put_tasks(void)
{
	static struct task_log log;
	int map = map_of("ktstr_tasks");

	for (__u32 i = 0; i < RECORDING_TASKS; i++) {
		if (!bpf_map_lookup_elem(map, &i, &log) && log.pid)
			put_bytes("ktstr_tasks", i, &log, sizeof(log));
	}
}

/*
 * Nothing is recorded from here on: what is told is of one moment.  The programs write the state
 * meanwhile, and one of them may end it first, so that no more of it is written than they do.
 */
static bool end_recording(struct recording_state *state)
{
	struct recording_state *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					      MAP_SHARED, map_of("ktstr_state"), 0);

	if (shared == MAP_FAILED)
		return refuse("end the recording");
	__sync_val_compare_and_swap(&shared->ended, 0, RECORDING_TOLD);
	*state = *shared;
	munmap(shared, sizeof(*shared));
	if (state->ended == RECORDING_TOLD)
		state->ended = 0;
	return true;
}

static bool tell(const char *text)
{
	struct recording_state state;

	(void)text;
	if (!end_recording(&state))
		return false;
	count_missed(r.object, r.targets, r.plan.targets, &state);
	put_bytes("ktstr_state", 0, &state, sizeof(state));
	for (__u32 i = 0; i < r.plan.targets; i++)
		put_bytes("ktstr_targets", i, &r.targets[i], offsetof(struct target, reads));
	put_records(&state);
	put_stacks(&state);
	put_tasks();
	put_symbols();
	return true;
}

static bool finish(void)
{
	return true;
}

static const struct request REQUESTS[] = {
	{"callbacks", stand_at_callbacks},
	{"tell", tell},
	{0},
};

const struct service recorder_service = {"recorder", start, REQUESTS, finish};

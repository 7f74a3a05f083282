// SPDX-License-Identifier: Apache-2.0
#include "ktstr/sampler/drain.h"

#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>

#include "ktstr/sampler/samples.h"

static const char *const KIND_NAMES[SAMPLE_KINDS] = {
	[SAMPLE_WAKE] = "wake",
	[SAMPLE_RUN_DELAY] = "run_delay",
	[SAMPLE_OFF_CPU] = "off_cpu",
};

static void put_histogram(FILE *out, const char *name, const struct sample_histogram *h)
{
	const char *comma = "";

	if (!h->count)
		return;
	fprintf(out, ",\"%s\":{\"buckets\":{", name);
	for (unsigned int i = 0; i < SAMPLE_BUCKETS; i++) {
		if (h->buckets[i]) {
			fprintf(out, "%s\"%u\":%u", comma, i, h->buckets[i]);
			comma = ",";
		}
	}
	fprintf(out, "},\"count\":%llu,\"total\":%llu,\"maximum\":%llu}", h->count, h->total,
		h->maximum);
}

static void put_sample(FILE *out, const struct sample_key *key, const struct sample *sample)
{
	fprintf(out, "{\"cgroup\":%llu,\"pid\":%u,\"phase\":%u", key->cgroup, key->pid, key->phase);
	fprintf(out, ",\"switches\":%llu,\"migrations\":%llu", sample->switches,
		sample->migrations);
	for (int kind = 0; kind < SAMPLE_KINDS; kind++)
		put_histogram(out, KIND_NAMES[kind], &sample->kinds[kind]);
	fputs("}\n", out);
}

static int by_phase_cgroup_pid(const void *left, const void *right)
{
	const struct sample_key *a = left, *b = right;

	if (a->phase != b->phase)
		return a->phase < b->phase ? -1 : 1;
	if (a->cgroup != b->cgroup)
		return a->cgroup < b->cgroup ? -1 : 1;
	return a->pid == b->pid ? 0 : a->pid < b->pid ? -1 : 1;
}

/* Their order in the map is not that of anything: sorted, equal runs say the same. */
static size_t keys_of_others(int map, __u32 phase, struct sample_key *keys)
{
	struct sample_key *before = NULL, key;
	size_t count = 0;

	while (count < SAMPLE_MAX_KEYS && !bpf_map_get_next_key(map, before, &key)) {
		if (key.phase != phase)
			keys[count++] = key;
		before = &key;
	}
	qsort(keys, count, sizeof(*keys), by_phase_cgroup_pid);
	return count;
}

bool drain_samples(FILE *out, int map, __u32 phase)
{
	static struct sample_key keys[SAMPLE_MAX_KEYS];
	static struct sample sample;
	size_t count = keys_of_others(map, phase, keys);

	for (size_t i = 0; i < count; i++) {
		if (bpf_map_lookup_elem(map, &keys[i], &sample))
			return false;
		put_sample(out, &keys[i], &sample);
		if (bpf_map_delete_elem(map, &keys[i]))
			return false;
	}
	return true;
}

void drain_costs(FILE *out, const struct bpf_object *object, __u64 dropped)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		struct bpf_prog_info info = {0};
		__u32 size = sizeof(info);

		if (bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size))
			continue;
		fprintf(out, "{\"program\":\"%s\",\"runs\":%llu,\"run_time_ns\":%llu",
			bpf_program__section_name(program), info.run_cnt, info.run_time_ns);
		fprintf(out, ",\"missed\":%llu}\n", info.recursion_misses);
	}
	fprintf(out, "{\"dropped\":%llu}\n", dropped);
}

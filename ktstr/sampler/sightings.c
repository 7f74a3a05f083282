// SPDX-License-Identifier: Apache-2.0
#include "ktstr/sampler/sightings.h"

#include <stdlib.h>

#include <bpf/bpf.h>

/* As in ktstr/model/wire/witness.py, SchedClass. */
static const char *const CLASS_NAMES[CLASSES] = {
	[CLASS_STOP] = "stop", [CLASS_DEADLINE] = "deadline", [CLASS_REALTIME] = "realtime",
	[CLASS_FAIR] = "fair", [CLASS_EXT] = "ext",	      [CLASS_BYPASS] = "bypass",
	[CLASS_IDLE] = "idle",
};

static void put_text(FILE *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size && text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\' || c < 0x20 || c > 0x7e)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
}

static int by_phase_cgroup_pid(const void *left, const void *right)
{
	const struct witness_ran_key *a = left, *b = right;

	if (a->phase != b->phase)
		return a->phase < b->phase ? -1 : 1;
	if (a->cgroup != b->cgroup)
		return a->cgroup < b->cgroup ? -1 : 1;
	return a->pid == b->pid ? 0 : a->pid < b->pid ? -1 : 1;
}

static int by_phase_cpu(const void *left, const void *right)
{
	const struct witness_cell_key *a = left, *b = right;

	if (a->phase != b->phase)
		return a->phase < b->phase ? -1 : 1;
	return a->cpu == b->cpu ? 0 : a->cpu < b->cpu ? -1 : 1;
}

static void put_ran(FILE *out, const struct witness_ran_key *key, const struct witness_ran *ran)
{
	const char *comma = "";

	fprintf(out, "{\"cgroup\":%llu,\"pid\":%u,\"phase\":%u,\"samples\":{", key->cgroup,
		key->pid, key->phase - 1);
	for (int class = 0; class < CLASSES; class++) {
		if (ran->samples[class]) {
			fprintf(out, "%s\"%s\":%u", comma, CLASS_NAMES[class], ran->samples[class]);
			comma = ",";
		}
	}
	fputs("}}\n", out);
}

/* Their order in the map is not that of anything: sorted, equal runs say the same. */
bool drain_ran(FILE *out, int map, __u32 phase)
{
	static struct witness_ran_key keys[WITNESS_MAX_RAN];
	struct witness_ran_key *before = NULL, key;
	struct witness_ran ran;
	size_t count = 0;

	while (count < WITNESS_MAX_RAN && !bpf_map_get_next_key(map, before, &key)) {
		if (key.phase != phase)
			keys[count++] = key;
		before = &key;
	}
	qsort(keys, count, sizeof(*keys), by_phase_cgroup_pid);
	for (size_t i = 0; i < count; i++) {
		if (bpf_map_lookup_elem(map, &keys[i], &ran) || bpf_map_delete_elem(map, &keys[i]))
			return false;
		put_ran(out, &keys[i], &ran);
	}
	return true;
}

static void put_cell(FILE *out, const struct witness_cell_key *key, const struct witness_cell *cell)
{
	fprintf(out, "{\"cpu\":%u,\"phase\":%u,\"idle_ns\":%llu", key->cpu, key->phase - 1,
		cell->idle_ns);
	if (cell->wasted_ns) {
		fprintf(out, ",\"wasted_ns\":%llu,\"longest_ns\":%llu,\"longest_ended_ns\":%llu",
			cell->wasted_ns, cell->longest_ns, cell->longest_ended_ns);
		fputs(",\"waiting\":\"", out);
		put_text(out, cell->waiting_comm, sizeof(cell->waiting_comm));
		fprintf(out, "[%u]\"", cell->waiting_pid);
	}
	fputs("}\n", out);
}

bool drain_cells(FILE *out, int map, __u32 phase)
{
	static struct witness_cell_key keys[WITNESS_MAX_CELLS];
	struct witness_cell_key *before = NULL, key;
	struct witness_cell cell;
	size_t count = 0;

	while (count < WITNESS_MAX_CELLS && !bpf_map_get_next_key(map, before, &key)) {
		if (key.phase != phase)
			keys[count++] = key;
		before = &key;
	}
	qsort(keys, count, sizeof(*keys), by_phase_cpu);
	for (size_t i = 0; i < count; i++) {
		if (bpf_map_lookup_elem(map, &keys[i], &cell) || bpf_map_delete_elem(map, &keys[i]))
			return false;
		put_cell(out, &keys[i], &cell);
	}
	return true;
}

void put_hold(FILE *out, const struct witness_hold *hold)
{
	fprintf(out, "{\"held\":%u,\"class\":\"%s\",\"pid\":%u,\"started_ns\":%llu", hold->cpu,
		CLASS_NAMES[hold->class], hold->pid, hold->started_ns);
	fprintf(out, ",\"ended_ns\":%llu,\"comm\":\"", hold->ended_ns);
	put_text(out, hold->comm, sizeof(hold->comm));
	fputs("\"}\n", out);
}

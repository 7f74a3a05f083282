// SPDX-License-Identifier: GPL-2.0-or-later
//
// Takes a watch apart. Whatever its bytes are, nothing behind this reaches out of a table.
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

// Bytes of which each is taken once.
struct rest {
	const uint8_t *at;
	size_t left;
};

static const void *take(struct rest *rest, size_t count, size_t size)
{
	const void *found = rest->at;

	if (count * size > rest->left)
		return NULL;
	rest->at += count * size;
	rest->left -= count * size;
	return found;
}

static const void *content(const char *path, size_t *size, char *why, size_t room)
{
	FILE *in = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long length = -1;

	if (in && !fseek(in, 0, SEEK_END))
		length = ftell(in);
	if (length >= 0 && !fseek(in, 0, SEEK_SET))
		bytes = malloc(length + 1);
	if (bytes && fread(bytes, 1, length, in) != (size_t)length) {
		free(bytes);
		bytes = NULL;
	}
	if (in)
		fclose(in);
	if (!bytes)
		snprintf(why, room, "the watch cannot be read");
	*size = length;
	return bytes;
}

static bool read_is_sound(const struct read *read)
{
	if (!read->offsets)
		return (read->base < ABSOLUTE || (read->base >= NOW && read->base < BASES)) &&
		       read->size == 8 && read->times == 1;
	return read->base < NOW && read->offsets <= MOST_OFFSETS && read->size >= 1 &&
	       read->size <= MOST_RUN_BYTES && read->times >= 1 && read->times <= MOST_TIMES &&
	       (read->times == 1 || (read->array && read->array < read->offsets)) &&
	       (read->base != POINTED_CPU || read->offsets > 1);
}

static bool period_is_sound(const struct watch *watch, const struct period *period)
{
	const struct read *read;

	if (period->read >= watch->header.reads)
		return false;
	read = &watch->reads[period->read];
	if (!read->offsets)
		return read->base == NOW;
	return read->size == 8 && read->times == 1 && read->base < EACH_CPU;
}

// Whether the first reads of a probe are an address and a size.
static bool tells_function(const struct watch *watch, const struct probe *probe)
{
	const struct read *read = &watch->reads[probe->read];

	return probe->reads >= 2 && !(probe->flags & (PROBE_RETURN | PROBE_LEARNED)) &&
	       read[0].size == 8 && read[0].base < EACH_CPU && read[0].times == 1 &&
	       read[1].size == 4 && read[1].base < EACH_CPU && read[1].times == 1;
}

// Whether it can be told when the number changes: what it was is read where a phase begins.
static bool stands_at_number(const struct watch_header *header, const struct probe *probe)
{
	return probe->last - probe->address < 8 && probe->area <= header->cpus && probe->phase &&
	       !(probe->flags & (PROBE_RETURN | PROBE_LEARNS | PROBE_FORGETS | PROBE_LEARNED));
}

static bool tells_phase(const struct watch *watch, const struct probe *probe)
{
	const struct read *read = &watch->reads[probe->read];

	return probe->reads && read->size == 8 && read->times == 1 && read->base != EACH_CPU &&
	       read->base != POINTED_CPU;
}

static bool probe_is_sound(const struct watch *watch, const struct probe *probe)
{
	const struct watch_header *header = &watch->header;

	if (probe->last < probe->address)
		return false;
	if (!(probe->address >> 63) && !probe->area && !(probe->flags & PROBE_BLOCKS))
		return false;
	if (probe->flags & PROBE_CHANGES ? !stands_at_number(header, probe) : probe->area)
		return false;
	if (probe->reads > MOST_READS || probe->read + probe->reads > header->reads)
		return false;
	if (probe->flags & PROBE_MARKS && !tells_phase(watch, probe))
		return false;
	if (probe->period != NO_PERIOD && probe->period >= header->periods)
		return false;
	if (probe->flags & PROBE_BEGINS && probe->period == NO_PERIOD)
		return false;
	if (probe->flags & (PROBE_LEARNS | PROBE_FORGETS) && !tells_function(watch, probe))
		return false;
	if (probe->predicate + (uint32_t)probe->predicates > header->evaluated)
		return false;
	for (unsigned i = 0; i < probe->predicates; i++)
		if (watch->evaluated[probe->predicate + i] >= header->predicates)
			return false;
	return true;
}

static bool blocks_have_room(const struct watch *watch)
{
	unsigned ranges = 0;

	for (unsigned i = 0; i < watch->header.probes; i++)
		ranges += !!(watch->probes[i].flags & PROBE_BLOCKS);
	return ranges <= MOST_BLOCK_RANGES;
}

// The largest record that a probe can make.
static uint64_t largest(const struct watch *watch, const struct probe *probe)
{
	uint64_t bytes = sizeof(struct record) + 8;

	for (unsigned i = 0; i < probe->reads; i++)
		bytes += read_bytes(&watch->header, &watch->reads[probe->read + i]);
	if (probe->flags & PROBE_REGISTERS)
		bytes += 8 * REGISTERS;
	if (probe->flags & PROBE_STACK)
		bytes += 2 * (sizeof(struct stack) + watch->header.stack_bytes);
	return bytes + probe->predicates * (sizeof(struct failed) + 8ul * PREDICATE_TERMS);
}

static const char *unsound(struct watch *watch)
{
	const struct watch_header *header = &watch->header;
	uint64_t stack = header->stack_bytes;

	if (!header->cpus || header->cpus > MOST_CPUS)
		return "a number of CPUs that there is no room for";
	if (stack < 4096 || stack > MOST_STACK_BYTES || stack & (stack - 1))
		return "a size of stacks that is none";
	for (unsigned i = 0; i < header->reads; i++)
		if (!read_is_sound(&watch->reads[i]))
			return "a read that cannot be done";
	for (unsigned i = 0; i < header->reads; i++)
		watch->counts |= watch->reads[i].base >= SPENT;
	for (unsigned i = 0; i < header->periods; i++)
		if (!period_is_sound(watch, &watch->periods[i]))
			return "a period that nothing tells";
	for (unsigned i = 0; i < header->probes; i++) {
		if (!probe_is_sound(watch, &watch->probes[i]))
			return "a probe that cannot be set";
		if (largest(watch, &watch->probes[i]) > MOST_RECORD_BYTES)
			return "a probe whose records are too large";
		watch->record_bytes[i] = largest(watch, &watch->probes[i]);
		watch->changes |= watch->probes[i].flags & PROBE_CHANGES;
	}
	return blocks_have_room(watch) ? NULL : "more probes of blocks than there is room for";
}

static const char *programs(struct watch *watch, struct rest *rest)
{
	for (unsigned i = 0; i < watch->header.predicates; i++) {
		const uint64_t *size = take(rest, 1, sizeof(*size));
		const void *bytes;

		if (!size || *size > rest->left)
			return "a predicate without an end";
		bytes = take(rest, (*size + 7) / 8, 8);
		if (!bytes || !predicate_load(&watch->programs[i], bytes, *size))
			return "a predicate that is no program";
	}
	return rest->left ? "more than was to follow" : NULL;
}

static const char *tables(struct watch *watch, struct rest *rest)
{
	const struct watch_header *header = &watch->header;

	if (header->probes > MOST_PROBES || header->predicates > MOST_PREDICATES)
		return "more than there is room for";
	watch->reads = take(rest, header->reads, sizeof(*watch->reads));
	watch->periods = take(rest, header->periods, sizeof(*watch->periods));
	watch->probes = take(rest, header->probes, sizeof(*watch->probes));
	watch->evaluated = take(rest, ((size_t)header->evaluated + 3) / 4, 8);
	if (!watch->reads || !watch->periods || !watch->probes || !watch->evaluated)
		return "tables that are cut short";
	watch->programs = calloc(header->predicates + 1u, sizeof(*watch->programs));
	watch->record_bytes = calloc(header->probes + 1u, sizeof(*watch->record_bytes));
	if (!watch->programs || !watch->record_bytes)
		return "more than there is memory for";
	return NULL;
}

bool watch_load(struct watch *watch, const char *path, char *why, size_t size)
{
	size_t bytes;
	const uint8_t *at = content(path, &bytes, why, size);
	struct rest rest = {at, at ? bytes : 0};
	const struct watch_header *header = take(&rest, 1, sizeof(*header));
	const char *wrong = NULL;

	memset(watch, 0, sizeof(*watch));
	if (!at)
		return false;
	if (!header || memcmp(header->magic, "KTSTRWAT", 8)) {
		snprintf(why, size, "the watch is none: it lacks the header");
		return false;
	}
	if (header->version != WATCH_VERSION) {
		snprintf(why, size, "the watch is of version %u, and the plugin knows %u",
			 header->version, WATCH_VERSION);
		return false;
	}
	watch->header = *header;
	if (header->bytes != bytes)
		wrong = "another size than its header says";
	if (!wrong)
		wrong = tables(watch, &rest);
	if (!wrong)
		wrong = unsound(watch);
	if (!wrong)
		wrong = programs(watch, &rest);
	if (wrong)
		snprintf(why, size, "the watch has %s", wrong);
	return !wrong;
}

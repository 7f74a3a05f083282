// SPDX-License-Identifier: GPL-2.0-or-later
#include "blocks.h"

#include <stdlib.h>
#include <string.h>

#include "guest.h"

enum {
	CHUNK = 4096, // blocks that are made at once
	// Of a block of programs: address spaces that are told, and times that one is looked for.
	MOST_SPACES = 4,
	MOST_LOOKS = 64,
};

// One translation of a block: what replaces its code brings another.
struct block {
	uint64_t address, space; // the last that it ran in, 0 of the kernel
	uint32_t bytes;
	uint16_t probe;
	uint8_t told, looks;
};

// A record of a block, as ktstr/introspect/plugin/records.py takes it apart.
struct block_record {
	struct record head;
	uint64_t address, bytes, space;
};

static struct range {
	uint64_t address, last;
	uint16_t probe;
} ranges[MOST_BLOCK_RANGES];
static unsigned range_count;

void blocks_begin(const struct plugin *plugin)
{
	for (unsigned i = 0; i < plugin->watch.header.probes; i++) {
		const struct probe *probe = &plugin->watch.probes[i];

		if (probe->flags & PROBE_BLOCKS)
			ranges[range_count++] = (struct range){probe->address, probe->last, i};
	}
}

static struct block *block_new(void)
{
	static struct block *chunk;
	static unsigned left;

	if (!left) {
		chunk = calloc(CHUNK, sizeof(*chunk));
		left = chunk ? CHUNK : 0;
	}
	return left ? &chunk[CHUNK - left--] : NULL;
}

struct block *block_at(uint64_t address, uint32_t bytes)
{
	for (unsigned i = 0; i < range_count; i++) {
		struct block *block;

		if (address < ranges[i].address || address > ranges[i].last)
			continue;
		block = block_new();
		if (block)
			*block = (struct block){address, 0, bytes, ranges[i].probe, 0, 0};
		return block;
	}
	return NULL;
}

bool block_is_of_program(const struct block *block)
{
	return !(block->address >> 63);
}

void block_runs(struct plugin *plugin, struct block *block)
{
	struct probe_count *count = &plugin->output.probes[block->probe];
	bool of_program = block_is_of_program(block);
	struct block_record *record;
	uint64_t space = 0;

	if (block->told >= (of_program ? MOST_SPACES : 1))
		return;
	if (of_program && block->looks++ >= MOST_LOOKS) {
		block->told = MOST_SPACES;
		return;
	}
	if (of_program)
		space = guest_register(CR3);
	if (block->told && space == block->space)
		return;
	block->told++;
	block->space = space;
	count->hits++;
	if (!output_spares(&plugin->output, sizeof(*record), plugin->watch.header.reserve))
		return;
	record = (void *)output_begin(&plugin->output, sizeof(*record));
	if (!record)
		return;
	count->records++;
	*record = (struct block_record){
		.head = {.bytes = sizeof(*record), .probe = block->probe, .hit = count->hits},
		.address = block->address,
		.bytes = block->bytes,
		.space = space,
	};
	output_end(&plugin->output, sizeof(*record));
}

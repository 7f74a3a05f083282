// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the plugin has seen: a file that it shares with the host as memory, so that what is there is
// there however QEMU ends. ktstr/introspect/plugin/records.py reads it, little-endian: a header,
// counters of probes and predicates, and records one behind the other.
#ifndef PROBES_OUTPUT_H
#define PROBES_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../predicate.h"

enum { OUTPUT_VERSION = 1, REASON_BYTES = 160 };

enum output_state { OUTPUT_WATCHES = 1, OUTPUT_ENDED, OUTPUT_REFUSED };

struct output_header {
	char magic[8];
	uint32_t version, state;
	uint64_t end, lost; // of the last whole record; records for which there was no room
	uint32_t probes, predicates;
	char reason[REASON_BYTES];
};

struct probe_count {
	uint64_t hits, records;
};

// In the order of enum predicate_end.
struct predicate_count {
	uint64_t times[PREDICATE_IDLE + 1];
};

// Runs follow, then registers, failed predicates with their terms, stacks with their bytes.
struct record {
	uint32_t bytes;
	uint16_t probe, cpu;
	uint64_t hit, missing;
	uint16_t failed, stacks;
	uint32_t unused;
};

struct failed {
	uint16_t predicate, terms;
	uint32_t unused;
};

struct stack {
	uint64_t pointer;
	uint32_t bytes, unused;
};

struct output {
	struct output_header *header;
	struct probe_count *probes;
	struct predicate_count *predicates;
	uint64_t size; // of the whole memory
};

// Maps the file at `path`, with room for `records` bytes behind the counters. False: errno says
// why.
bool output_open(struct output *output, const char *path, unsigned probes, unsigned predicates,
		 uint64_t records);

// Leaves a reason in words for the host, the first one.
void output_say(struct output *output, const char *why);

// Whether a record of at most `most` bytes would leave `reserve` bytes.
bool output_spares(const struct output *output, uint32_t most, uint64_t reserve);

// Memory for a record of at most `most` bytes, or NULL, and one more is lost.
uint8_t *output_begin(struct output *output, uint32_t most);

// The record of `bytes` that was begun is whole: the host sees it from now on.
void output_end(struct output *output, uint32_t bytes);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the plugin is told: a file that ktstr/introspect/plugin/encode.py writes, little-endian. A
// header, then tables of reads, periods, probes, numbers of the probes' predicates, and the
// predicates' programs.
#ifndef PROBES_WATCH_H
#define PROBES_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../predicate.h"

enum {
	WATCH_VERSION = 5,
	// as ktstr/introspect/plugin/watch.py has them
	MOST_CPUS = 256,
	MOST_PROBES = 512,
	MOST_BLOCK_RANGES = 8, // probes of blocks
	MOST_READS = 64,
	MOST_OFFSETS = 6,
	MOST_TIMES = 4096,
	MOST_RUN_BYTES = 1 << 16,
	MOST_PREDICATES = 1024,
	MOST_STACK_BYTES = 1 << 16,
	MOST_RECORD_BYTES = 1 << 22,
	NO_PERIOD = 0xffff,
};

// Numbers of registers, which are bases of reads, too.
enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP, R8, R9, R15 = 15, GS_BASE, CR3, RIP, REGISTERS };
// The other bases. The last four are numbers themselves: virtual time in ns, now and where the call
// began that returns; instructions of the kernel that the vCPU has run, in all and in that call.
enum { ABSOLUTE = REGISTERS, EACH_CPU, POINTED_CPU, NOW, BEGAN, SPENT, TOOK, BASES };

enum {
	PROBE_RETURN = 1,
	PROBE_REGISTERS = 2,
	PROBE_STACK = 4,
	PROBE_HOLD = 8,
	PROBE_EVERY = 16,
	PROBE_YIELDS = 32,
	PROBE_LEARNS = 64,
	PROBE_LEARNED = 128,
	PROBE_FORGETS = 256,
	PROBE_CHANGES = 512,
	PROBE_MARKS = 1024,
	PROBE_WALKS = 2048,
	PROBE_BEGINS = 4096,
	// a range of which each block is told that runs, of programs too: blocks.h
	PROBE_BLOCKS = 8192,
};

// image_first and image_end: of the kernel's image; phys_base, page_offset: addresses of the
// variables that say how far it was moved, and where all memory is mapped; 0 where there is none.
struct watch_header {
	char magic[8];
	uint32_t version, bytes, cpus, failures;
	uint64_t per_cpu_offset, cpu_number, current_task, task_stack, stack_bytes, image_first,
		image_end, phys_base, page_offset, most_bytes, reserve;
	uint32_t hold_ms;
	uint16_t reads, periods, probes, predicates;
	uint32_t evaluated;
};

// Without offsets: the base itself.
struct read {
	uint8_t base, offsets;
	uint16_t times;
	uint32_t size, array, unused;
	int64_t offset[MOST_OFFSETS];
};

struct period {
	uint64_t least;
	uint16_t read, unused[3];
};

// Of PROBE_CHANGES the bytes that it stands at are those of a number; with `area` these are in the
// area of that CPU, counted from 1. It looks while the guest's phase is one of `phase` to `until`,
// and not before it was come to `skip` times.
struct probe {
	uint64_t address, last, limit, skip;
	uint32_t flags, unused;
	uint16_t read, reads, period, predicate, predicates, area, phase, until;
};

// The tables lie in one block of memory, which lives as long as QEMU.
struct watch {
	struct watch_header header;
	const struct read *reads;
	const struct period *periods;
	const struct probe *probes;
	const uint16_t *evaluated;
	struct predicate_program *programs;
	uint32_t *record_bytes; // of each probe, at most
	bool counts;		// whether a read tells of instructions
	bool changes;		// whether a probe stands at a number
};

// How many runs a read has.
static inline uint32_t read_runs(const struct watch_header *kernel, const struct read *read)
{
	return read->base == EACH_CPU || read->base == POINTED_CPU ? kernel->cpus : 1;
}

// What a read takes of a record.
static inline uint64_t read_bytes(const struct watch_header *kernel, const struct read *read)
{
	return (uint64_t)read->size * read->times * read_runs(kernel, read);
}

// Reads and checks it. False: `why` says in words what is wrong, and there is no watch.
bool watch_load(struct watch *watch, const char *path, char *why, size_t size);

#endif

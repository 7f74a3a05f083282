// SPDX-License-Identifier: Apache-2.0
//
// Programs that say whether something holds in a kernel's memory: one of
// ktstr/introspect/invariants, compiled to a small stack machine
// (ktstr/introspect/invariants/program.py has the same in Python, and a test holds both equal).
// Nothing here knows QEMU: memory is read by functions that are given.
//
// A program always ends: each instruction takes one of PREDICATE_FUEL, each read is bounded, a read
// that fails ends it with PREDICATE_UNKNOWN.  No program can harm who runs it, whatever its bytes.
//
//	once:		predicate_load(&programs[i], bytes, size) for each
//	at an instant:	fill find, read, context, registers, cpu, per_cpu, cpus, result of a look,
//			predicate_begin(&look), then predicate_run(&programs[i], &look) for each.
// After PREDICATE_FAILS the look's terms (look.term[0 .. programs[i].terms)) say why.
#ifndef PREDICATE_H
#define PREDICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PREDICATE_LOCALS = 16,
	PREDICATE_STACK = 32,
	PREDICATE_TERMS = 16,
	PREDICATE_NAMES = 16,	   // that programs of one instant share
	PREDICATE_BLOCKS = 32,	   // what a look keeps of memory: so many reads,
	PREDICATE_ARENA = 1 << 16, // and so many bytes of them; then it begins anew
	PREDICATE_LARGEST = 8192,  // bytes of one read
	PREDICATE_FUEL = 20000,	   // instructions of one run
};

enum predicate_end {
	PREDICATE_HOLDS,
	PREDICATE_FAILS,
	PREDICATE_UNKNOWN, // unreadable memory, out of fuel, or no program
	PREDICATE_IDLE,	   // what it speaks of is not there: no evidence of anything
};

// A checked program; its bytes stay the caller's and must outlive it.
struct predicate_program {
	const uint8_t *code;
	const uint8_t *constants;
	unsigned instructions, constant_count, terms;
	uint16_t registers; // bit i: it wants registers[i] of a look
};

// Reads all `size` bytes or says no.
typedef bool predicate_read(void *context, uint64_t address, void *to, uint32_t size);
// Where all `size` bytes lie as long as the instant lasts, or NULL: they are to be read.
typedef const uint8_t *predicate_find(void *context, uint64_t address, uint32_t size);

struct predicate_block {
	uint64_t address;
	const uint8_t *bytes;
	uint32_t size;
};

// One instant of one guest.
struct predicate_look {
	predicate_find *find; // or NULL: all is to be read
	predicate_read *read;
	void *context;
	uint64_t registers[16];	 // at the function's entry: rax rbx rcx rdx rsi rdi rbp rsp r8 ..
				 // r15; those of predicate_program.registers are enough
	uint64_t result;	 // rax where it returns; 0 at an entry
	const uint64_t *per_cpu; // __per_cpu_offset
	unsigned cpus, cpu;	 // how many, and which one this is

	int64_t term[PREDICATE_TERMS];
	// what follows is predicate.c's own
	int64_t name[PREDICATE_NAMES];
	unsigned bound; // bit i: name[i] is known
	unsigned blocks, last;
	unsigned forgotten; // how often it began anew
	uint32_t used;
	struct predicate_block block[PREDICATE_BLOCKS];
	uint8_t arena[PREDICATE_ARENA];
};

// False: these are no program's bytes (`program` is then one that ends with PREDICATE_UNKNOWN).
bool predicate_load(struct predicate_program *program, const void *bytes, size_t size);

// A new instant: what the look kept of memory is forgotten.
void predicate_begin(struct predicate_look *look);

enum predicate_end predicate_run(const struct predicate_program *program,
				 struct predicate_look *look);

#endif

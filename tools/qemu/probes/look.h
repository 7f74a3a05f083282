// SPDX-License-Identifier: GPL-2.0-or-later
//
// A look: what a probe asks for, of the instant before an instruction.
#ifndef PROBES_LOOK_H
#define PROBES_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "hold.h"
#include "output.h"
#include "watch.h"

// All that the plugin has, one of it in QEMU's process.
struct plugin {
	struct watch watch;
	struct output output;
	struct hold hold;
	uint64_t due[NO_PERIOD]; // per period: the next record's u64, 0 for at once
	uint64_t failures[MOST_PREDICATES];
	uint64_t phase; // of the guest, as PROBE_MARKS tell it; 0 before the first
};

// Registers in which a function gets its arguments, and its stack: one bit for each.
enum {
	KEPT = 1 << RSP | 1 << RDI | 1 << RSI | 1 << RDX | 1 << RCX | 1 << R8 | 1 << R9,
};

// A call of a function: those of KEPT that its probes need, and what it began with.
struct call {
	uint64_t value[R15 + 1], began, spent;
	unsigned vcpu;
};

// An instant; what is not known yet is asked for when it is needed.
struct instant {
	uint64_t address;
	unsigned left;		 // instructions of the block, with this one
	const struct call *call; // of a return, NULL at an entry
	bool knows_cpu, began;	 // the CPU is asked for; predicates have begun
	int cpu;
	uint64_t known; // registers that were read, one bit for each
	uint64_t value[REGISTERS];
};

void look(struct plugin *plugin, unsigned number, struct instant *instant);

uint64_t instant_register(struct instant *instant, unsigned number);

// A register as a base of reads: at a return, arguments are as they were when the function was
// called.
uint64_t base_of(struct instant *instant, unsigned number);

#endif

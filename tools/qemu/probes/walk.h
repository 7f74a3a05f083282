// SPDX-License-Identifier: GPL-2.0-or-later
//
// A guest that somebody walks through: it stands where the host orders, at an instant of virtual
// time, before an instruction, step by step, or behind a write. Between two stands nothing is
// different from a run without.
//
// The host orders while the guest stands (hold.h); the first time it does so at the first block
// of code of all. ktstr/introspect/plugin/orders.py is the host's end.
#ifndef PROBES_WALK_H
#define PROBES_WALK_H

#include <stdint.h>

#include "qemu.h"
#include "watch.h"

struct plugin;
struct instant;

enum { MOST_BREAKS = 64, WALKED_REGISTERS = 32 };

enum order_word {
	ORDER_UNTIL = 1, // stands where a block begins at `value` ns of virtual time, or later;
			 // with a `number` before any instruction that runs then, if it steps
	ORDER_BREAK,	 // before the instruction at `value`, not before `other` ns, nor the first
			 // `number` times after that
	ORDER_CLEAR,	 // forgets all that ORDER_BREAK and ORDER_WATCH said
	ORDER_STEP,	 // before the next instruction of vCPU `number` - 1, or of any for 0
	ORDER_WATCH,	 // behind a write to `number` bytes at `value`
	ORDER_TELL,	 // answers with the state of vCPU `number`
	ORDER_CLOSELY, // from the next block on looks at every instruction, or with a `number` of 0
		       // at blocks
};

struct order {
	uint32_t word, number;
	uint64_t value, other;
};

// The answer to ORDER_TELL. `known`: one bit for each register that there is.
// `why` it stands: the order that had it, and `where` that was, or a write.
struct told {
	uint64_t now, why, where, vcpus, known, value[WALKED_REGISTERS];
};

// Whether a probe says that somebody walks, who then gets all that is translated.
bool walk_begin(struct plugin *plugin);

void walk_hook(struct qemu_plugin_tb *tb);

// Does as ordered. False: there is no such order, or the answer did not get out.
bool walk_order(int fd, const struct order *order, struct instant *instant);

#endif

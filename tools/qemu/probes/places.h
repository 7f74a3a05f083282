// SPDX-License-Identifier: GPL-2.0-or-later
//
// Where probes stand: functions by their address, with the calls of them that have not returned.
#ifndef PROBES_PLACES_H
#define PROBES_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "look.h"

enum { OPEN_CALLS = 64, MOST_LEARNED = 1024 };

struct place {
	uint64_t address, last; // of its probes at returns; 0 where there are none
	bool learned;
	unsigned entries, returns;
	uint32_t kept; // of KEPT, what is needed at returns
	uint16_t at_entry[MOST_PROBES], at_return[MOST_PROBES]; // numbers of probes
	// Calls, the latest at `newest`, as a ring: a call that is left unseen is written over.
	unsigned newest;
	struct call calls[OPEN_CALLS];
	struct leave *leaves;
	struct site *sites;
};

// A function's first instruction, in a block that has so many left then, with this one.
struct site {
	struct place *place;
	unsigned left;
	struct site *next;
};

// An instruction that may leave a function.
struct leave {
	struct place *place;
	uint64_t address;
	int jumps_to; // the register with its target, or -1: it leaves whenever it runs
	struct leave *next;
};

// False: there is no memory for them.
bool places_make(struct plugin *plugin);

// The function of so many bytes has the probes that are to stand at learned ones from now on.
// False: there is no room or memory for it.
bool places_learn(uint64_t address, uint32_t bytes);

// What was learned of these bytes is no more.
void places_forget(uint64_t address, uint32_t bytes);

struct place *place_at(uint64_t address);

// NULL where there is no memory for it.
struct site *place_site(struct place *place, unsigned left);

// The function with probes at returns that an instruction lies in, or NULL.
struct place *place_around(uint64_t address);

// The instruction as a way out of `place`, or NULL: it is a return, or a jump out of it.
struct leave *place_leave(struct place *place, uint64_t address, const uint8_t *code, size_t size);

void place_enter(struct place *place, struct instant *instant);

// The call that ends here, or NULL where there is none with this stack.
const struct call *place_return(struct place *place, uint64_t sp);

#endif

// SPDX-License-Identifier: GPL-2.0-or-later
//
// A guest that is held: its vCPU's thread waits at a socket until the host lets it go on. Nothing
// of the guest runs meanwhile, and none of its time goes by. ktstr/introspect/plugin/hold.py is the
// host's end.
#ifndef PROBES_HOLD_H
#define PROBES_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "watch.h"

struct plugin;
struct instant;

// The socket, and -1 for none.
struct hold {
	int fd;
};

// What the host is told; it answers with HOLD_GO, and may order before that: HOLD_ORDER and a
// struct order (walk.h).
struct held {
	uint32_t magic;
	uint16_t probe, cpu;
	uint64_t hit, registers[REGISTERS];
};

enum { HOLD_MAGIC = 0x444c4f48, HOLD_GO = 'g', HOLD_ORDER = 'o' };

// Connects to the socket at a path, or takes a descriptor's number. False: errno says why.
bool hold_open(struct hold *hold, const char *where);

void hold_guest(struct plugin *plugin, unsigned number, struct instant *instant);

#endif

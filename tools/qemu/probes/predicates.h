// SPDX-License-Identifier: GPL-2.0-or-later
//
// The predicates of a probe, evaluated at an instant.
#ifndef PROBES_PREDICATES_H
#define PROBES_PREDICATES_H

#include <stdbool.h>
#include <stdint.h>

#include "look.h"

// Those that failed, as a record has them.
struct failures {
	unsigned count;
	uint32_t used;
	uint8_t *bytes;
};

// Evaluates and counts them all. True: some failed that have not failed too often yet.
bool predicates_fail(struct plugin *plugin, const struct probe *probe, struct instant *instant,
		     struct failures *failures);

#endif

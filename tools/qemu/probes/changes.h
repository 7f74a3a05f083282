// SPDX-License-Identifier: GPL-2.0-or-later
//
// Numbers in the kernel's memory that probes stand at: they look behind the instruction that has
// changed one. What another processor would see through another address is not seen.
#ifndef PROBES_CHANGES_H
#define PROBES_CHANGES_H

#include <stdint.h>

#include "look.h"

// What the numbers are where a phase of the guest begins, and with what to begin once they change.
void changes_begin(struct plugin *plugin);

// An instruction that may store, in a block that has so many left then, as the datum of a callback.
void *changes_site(uint64_t address, unsigned left);

// So many bytes were stored at an address, by the instruction `site`.
void changes_at(struct plugin *plugin, uint64_t address, unsigned bytes, void *site);

#endif

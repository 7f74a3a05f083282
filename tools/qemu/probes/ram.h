// SPDX-License-Identifier: GPL-2.0-or-later
//
// The guest's memory as QEMU has it: where the kernel maps all of it one to one, and its own image,
// it is read without a walk through page tables, in a tenth of the time.
#ifndef PROBES_RAM_H
#define PROBES_RAM_H

#include <stdbool.h>
#include <stdint.h>

#include "watch.h"

// Learns where it lies; `area` is that of the CPU that runs. Where what is read so is not what the
// guest sees, nothing is read so.
void ram_begin(const struct watch_header *kernel, uint64_t area);

// Where these bytes lie in our own memory, as long as the guest does not go on; NULL: they are not
// there, or not all of them.
const uint8_t *ram_find(uint64_t address, uint32_t size);

// False: it is not there, or not all of it.
bool ram_read(uint64_t address, void *to, uint32_t size);

#endif

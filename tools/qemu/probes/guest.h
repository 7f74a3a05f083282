// SPDX-License-Identifier: GPL-2.0-or-later
//
// The vCPU that runs, as it is before the instruction at hand.
#ifndef PROBES_GUEST_H
#define PROBES_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch.h"

// Called in the thread of a vCPU, once. False: the processor lacks a register.
bool guest_begin(void);

uint64_t guest_register(unsigned number);

// Reads all of it, or leaves zeros and says no.
bool guest_read(uint64_t address, void *to, uint32_t size);

// The same by the guest's page tables alone.
bool guest_walk(uint64_t address, void *to, uint32_t size);

// The number of the CPU that runs, or -1 where the kernel's memory tells none, or tells two.
int guest_cpu(const struct watch_header *kernel);

// The areas of all CPUs, or zeros where they cannot be read. To be asked for behind guest_cpu().
const uint64_t *guest_areas(const struct watch_header *kernel);

#endif

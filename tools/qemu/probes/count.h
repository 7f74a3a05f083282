// SPDX-License-Identifier: GPL-2.0-or-later
//
// The guest's time, and instructions of the kernel that each vCPU has run. `left`: of the block at
// hand, with the instruction at hand, as both are counted where a block begins.
#ifndef PROBES_COUNT_H
#define PROBES_COUNT_H

#include <stdint.h>

// Virtual time in ns, as the processor's time stamp counter would say it.
uint64_t count_now(unsigned left);

// A block of the kernel begins.
void count_block(unsigned instructions);

uint64_t count_spent(unsigned left);

// Who runs, as a number that no other vCPU has.
unsigned count_vcpu(void);

#endif

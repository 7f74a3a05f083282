// SPDX-License-Identifier: GPL-2.0-or-later
//
// Coverage: the first time that each block of code in a probe's range runs. A block that was
// translated and never ran is none.
#ifndef PROBES_BLOCKS_H
#define PROBES_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "look.h"

struct block;

// Finds the probes that ask for blocks.
void blocks_begin(const struct plugin *plugin);

// What to hand to block_runs whenever this block begins; NULL where no probe asks for it.
struct block *block_at(uint64_t address, uint32_t bytes);

// Whether the block is a program's, so that block_runs reads a register.
bool block_is_of_program(const struct block *block);

void block_runs(struct plugin *plugin, struct block *block);

#endif

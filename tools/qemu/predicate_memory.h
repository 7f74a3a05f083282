// SPDX-License-Identifier: Apache-2.0
//
// What a look keeps of memory, so that a struct is read once for all programs of an instant.
#ifndef PREDICATE_MEMORY_H
#define PREDICATE_MEMORY_H

#include "predicate.h"

// Reads so many bytes for what follows; false: not all can be read.
bool memory_keep(struct predicate_look *look, uint64_t address, uint32_t size);

// A number of 1, 2, 4 or 8 bytes, without sign; false: it cannot be read.
bool memory_number(struct predicate_look *look, uint64_t address, unsigned size, uint64_t *value);

#endif

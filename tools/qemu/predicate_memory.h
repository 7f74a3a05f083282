// SPDX-License-Identifier: Apache-2.0
//
// What a look keeps of memory, so that a struct is read once for all programs of an instant.
#ifndef PREDICATE_MEMORY_H
#define PREDICATE_MEMORY_H

#include <string.h>

#include "predicate.h"

// So many bytes for what follows, there until the look begins anew; NULL: not all can be read.
const uint8_t *memory_keep(struct predicate_look *look, uint64_t address, uint32_t size);

// A number of 1, 2, 4 or 8 bytes, without sign; false: it cannot be read.
bool memory_number(struct predicate_look *look, uint64_t address, unsigned size, uint64_t *value);

// As memcpy with a size that the compiler knows.
static inline uint64_t memory_at(const uint8_t *at, unsigned size)
{
	uint64_t eight;
	uint32_t four;
	uint16_t two;

	switch (size) {
	case 8:
		memcpy(&eight, at, 8);
		return eight;
	case 4:
		memcpy(&four, at, 4);
		return four;
	case 2:
		memcpy(&two, at, 2);
		return two;
	default:
		return *at;
	}
}

#endif

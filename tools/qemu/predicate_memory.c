// SPDX-License-Identifier: Apache-2.0
#include "predicate_memory.h"

#include <string.h>

static void forget(struct predicate_look *look)
{
	look->blocks = 0;
	look->last = 0;
	look->used = 0;
}

void predicate_begin(struct predicate_look *look)
{
	forget(look);
	look->bound = 0;
}

static const uint8_t *kept(struct predicate_look *look, uint64_t address, uint32_t size)
{
	const struct predicate_block *block = &look->block[look->last];

	// what was found last is mostly meant again
	for (unsigned i = 0; i <= look->blocks; i++) {
		if (look->last < look->blocks && address >= block->address &&
		    address - block->address <= block->size &&
		    size <= block->size - (address - block->address))
			return look->arena + block->at + (address - block->address);
		if (i < look->blocks) {
			look->last = i;
			block = &look->block[i];
		}
	}
	return NULL;
}

bool memory_keep(struct predicate_look *look, uint64_t address, uint32_t size)
{
	if (kept(look, address, size))
		return true;
	if (look->blocks == PREDICATE_BLOCKS || look->used + size > PREDICATE_ARENA)
		forget(look);
	if (!look->read(look->context, address, look->arena + look->used, size))
		return false;
	look->last = look->blocks++;
	look->block[look->last] = (struct predicate_block){address, size, look->used};
	look->used += size;
	return true;
}

// As memcpy with a size that the compiler knows.
static uint64_t number(const uint8_t *at, unsigned size)
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

bool memory_number(struct predicate_look *look, uint64_t address, unsigned size, uint64_t *value)
{
	const uint8_t *at = kept(look, address, size);

	if (!at)
		return look->read(look->context, address, value, size);
	*value = number(at, size);
	return true;
}

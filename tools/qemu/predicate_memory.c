// SPDX-License-Identifier: Apache-2.0
#include "predicate_memory.h"

static void forget(struct predicate_look *look)
{
	look->blocks = 0;
	look->last = 0;
	look->used = 0;
	look->forgotten++;
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
			return block->bytes + (address - block->address);
		if (i < look->blocks) {
			look->last = i;
			block = &look->block[i];
		}
	}
	return NULL;
}

static const uint8_t *found(const struct predicate_look *look, uint64_t address, uint32_t size)
{
	return look->find ? look->find(look->context, address, size) : NULL;
}

const uint8_t *memory_keep(struct predicate_look *look, uint64_t address, uint32_t size)
{
	const uint8_t *at = found(look, address, size);

	if (!at)
		at = kept(look, address, size);
	if (at)
		return at;
	if (look->blocks == PREDICATE_BLOCKS || look->used + size > PREDICATE_ARENA)
		forget(look);
	at = look->arena + look->used;
	if (!look->read(look->context, address, look->arena + look->used, size))
		return NULL;
	look->last = look->blocks++;
	look->block[look->last] = (struct predicate_block){address, at, size};
	look->used += size;
	return at;
}

bool memory_number(struct predicate_look *look, uint64_t address, unsigned size, uint64_t *value)
{
	const uint8_t *at = found(look, address, size);

	if (!at)
		at = kept(look, address, size);
	if (!at)
		return look->read(look->context, address, value, size);
	*value = memory_at(at, size);
	return true;
}

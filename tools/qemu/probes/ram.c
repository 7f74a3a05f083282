// SPDX-License-Identifier: GPL-2.0-or-later
#include "ram.h"

#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "qemu.h"

enum { MOST_NODES = 64, COMPARED = 64 };

// arch/x86/include/asm/page_64_types.h: __START_KERNEL_map, and __PAGE_OFFSET_BASE_L4 where no
// variable has it.
static const uint64_t image_map = 0xffffffff80000000, usual_offset = 0xffff888000000000;
// QEMU's hw/i386/pc_q35.c (10.0, 11.1): RAM of 2816 MiB and more is split at 2 GiB, and what is
// beyond that goes on at 4 GiB.
static const uint64_t split_from = 0xb0000000, below_4g = 0x80000000, above = 1ull << 32;

static struct {
	uint8_t *host;
	uint64_t bytes;
} nodes[MOST_NODES];
static unsigned node_count;
static uint64_t total, page_offset, image_first, image_end, moved;
static bool is_known;

// ktstr/vm/command/shape.py calls the memory of node n "mn".
static void find_nodes(void)
{
	node_count = total = 0;
	if (!qemu_ram_block_by_name || !qemu_ram_get_host_addr || !qemu_ram_get_used_length)
		return;
	while (node_count < MOST_NODES) {
		void *block;
		char name[8];

		snprintf(name, sizeof(name), "m%u", node_count);
		block = qemu_ram_block_by_name(name);
		if (!block)
			return;
		nodes[node_count].host = qemu_ram_get_host_addr(block);
		nodes[node_count].bytes = qemu_ram_get_used_length(block);
		total += nodes[node_count++].bytes;
	}
}

static bool is_so(uint64_t address, uint32_t size)
{
	uint8_t seen[COMPARED], had[COMPARED];

	return size <= COMPARED && guest_walk(address, seen, size) &&
	       ram_read(address, had, size) && !memcmp(seen, had, size);
}

void ram_begin(const struct watch_header *kernel, uint64_t area)
{
	is_known = false;
	find_nodes();
	page_offset = usual_offset;
	moved = 0;
	image_first = kernel->image_first;
	image_end = kernel->image_end;
	if (kernel->page_offset && !guest_walk(kernel->page_offset, &page_offset, 8))
		return;
	if (kernel->phys_base && !guest_walk(kernel->phys_base, &moved, 8))
		return;
	is_known = true;
	is_known = is_so(kernel->per_cpu_offset, 8) && is_so(area, COMPARED);
}

const uint8_t *ram_find(uint64_t address, uint32_t size)
{
	uint64_t at;

	if (!is_known)
		return NULL;
	if (address >= image_first && address < image_end && size <= image_end - address)
		at = address - image_map + moved;
	else if (address >= page_offset && address < image_map)
		at = address - page_offset;
	else
		return NULL;
	if (total >= split_from && at >= below_4g) {
		if (at < above)
			return NULL;
		at -= above - below_4g;
	}
	for (unsigned i = 0; i < node_count; at -= nodes[i++].bytes) {
		if (at >= nodes[i].bytes)
			continue;
		return size <= nodes[i].bytes - at ? nodes[i].host + at : NULL;
	}
	return NULL;
}

bool ram_read(uint64_t address, void *to, uint32_t size)
{
	const uint8_t *at = ram_find(address, size);

	if (at)
		memcpy(to, at, size);
	return at;
}

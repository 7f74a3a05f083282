// SPDX-License-Identifier: Apache-2.0
//
// What the plugin asks QEMU for of memory, for a process that is none: two nodes of 1.5 GiB, whose
// bytes say their own physical address.
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { NODES = 2, PAGE = 4096 };
static const uint64_t node_bytes = 1536ull << 20;
static const uint64_t image_map = 0xffffffff80000000, usual_offset = 0xffff888000000000;

// A node is as long as it is said to be, of which a page is there.
static uint8_t pages[NODES][PAGE];
static uint64_t at[NODES], page_offset;
static bool lies;

struct RAMBlock {
	int node;
};
static struct RAMBlock blocks[NODES] = {{0}, {1}};

struct RAMBlock *qemu_ram_block_by_name(const char *name)
{
	return name[0] == 'm' && name[1] < '0' + NODES && !name[2] ? &blocks[name[1] - '0'] : NULL;
}

void *qemu_ram_get_host_addr(struct RAMBlock *block)
{
	return pages[block->node] - at[block->node];
}

uint64_t qemu_ram_get_used_length(struct RAMBlock *block)
{
	(void)block;
	return node_bytes;
}

// The guest's page tables: the kernel's image and its mapping of all memory, where pages are there.
bool guest_walk(uint64_t address, void *to, uint32_t size)
{
	uint64_t physical = address >= image_map ? address - image_map : address - page_offset;
	uint64_t in_ram = physical >= 1ull << 32 ? physical - (1ull << 31) : physical;
	unsigned node = in_ram / node_bytes;
	uint64_t offset = in_ram % node_bytes - (node < NODES ? at[node] : 0);

	if (node >= NODES || offset > PAGE - size)
		return false;
	memcpy(to, pages[node] + offset, size);
	if (lies)
		((uint8_t *)to)[0] ^= 1;
	return true;
}

// Puts the page that is there of each node at an offset of it; `wrong`: the guest sees another.
void stub_place(const uint64_t *offsets, uint64_t mapped, bool wrong)
{
	page_offset = mapped ? mapped : usual_offset;
	lies = wrong;
	for (unsigned node = 0; node < NODES; node++) {
		at[node] = offsets[node];
		for (unsigned i = 0; i < PAGE; i++)
			pages[node][i] = (i * 7 + node) & 0xff;
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest.h"

#include <string.h>

#include "qemu.h"
#include "ram.h"

static const char *const names[REGISTERS] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp",     "rsp", "r8",  "r9",
	"r10", "r11", "r12", "r13", "r14", "r15", "gs_base", "cr3", "rip",
};
static struct qemu_plugin_register *handles[REGISTERS];
static GByteArray *scratch;
// The areas that CPUs were seen with, by the CPU's number, and those that the kernel has for all:
// they move once, when it has booted so far.
static uint64_t areas[MOST_CPUS], of_all[MOST_CPUS];
static bool knows_all;
static int last;

bool guest_begin(void)
{
	GArray *all = qemu_plugin_get_registers();
	unsigned step = g_array_get_element_size(all);

	scratch = g_byte_array_new();
	for (unsigned i = 0; i < all->len; i++) {
		struct qp_register *one = (void *)(all->data + (size_t)i * step);

		for (unsigned k = 0; k < REGISTERS; k++)
			if (!strcmp(one->name, names[k]))
				handles[k] = one->handle;
	}
	for (unsigned k = 0; k < REGISTERS; k++)
		if (!handles[k])
			return false;
	return true;
}

uint64_t guest_register(unsigned number)
{
	uint64_t value = 0;

	g_byte_array_set_size(scratch, 0);
	qemu_plugin_read_register(handles[number], scratch);
	memcpy(&value, scratch->data, scratch->len < 8 ? scratch->len : 8);
	return value;
}

bool guest_read(uint64_t address, void *to, uint32_t size)
{
	return ram_read(address, to, size) || guest_walk(address, to, size);
}

bool guest_walk(uint64_t address, void *to, uint32_t size)
{
	if (address + size < address || !qemu_plugin_read_memory_vaddr(address, scratch, size)) {
		memset(to, 0, size);
		return false;
	}
	memcpy(to, scratch->data, size);
	return true;
}

int guest_cpu(const struct watch_header *kernel)
{
	uint64_t area = guest_register(GS_BASE);
	uint64_t offset;
	uint32_t number;

	if (areas[last] == area && area)
		return last;
	for (unsigned i = 0; i < kernel->cpus; i++)
		if (area && areas[i] == area)
			return last = i;
	if (!guest_read(area + kernel->cpu_number, &number, sizeof(number)) ||
	    number >= kernel->cpus)
		return -1;
	// the kernel says it in two places: that both agree tells that they are the right ones
	if (!guest_read(kernel->per_cpu_offset + 8ull * number, &offset, sizeof(offset)) ||
	    offset != area)
		return -1;
	areas[number] = area;
	knows_all = false;
	ram_begin(kernel, area);
	return last = number;
}

const uint64_t *guest_areas(const struct watch_header *kernel)
{
	if (knows_all)
		return of_all;
	knows_all = guest_read(kernel->per_cpu_offset, of_all, 8 * kernel->cpus);
	// while it boots all of them have the same
	for (unsigned i = 1; i < kernel->cpus; i++)
		knows_all &= of_all[i] != of_all[i - 1];
	return of_all;
}

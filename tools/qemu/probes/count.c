// SPDX-License-Identifier: GPL-2.0-or-later
#include "count.h"

#include <stddef.h>

#include "qemu.h"
#include "watch.h"

// By who runs: what QEMU's interface keeps for each vCPU is that of the vCPU that translated.
static struct {
	const void *cpu;
	uint64_t instructions;
} spent[MOST_CPUS];
static unsigned last;

// QEMU reads its clock in a vCPU's thread only where an instruction may do I/O. So what has run is
// accounted for, as each reading of the clock does, and then read as any other thread would.
uint64_t count_now(unsigned left)
{
	void *cpu = current_cpu;
	int64_t now;

	icount_update(cpu);
	current_cpu = NULL;
	now = icount_get();
	current_cpu = cpu;
	return now - icount_to_ns(left);
}

static uint64_t *of_current(void)
{
	if (spent[last].cpu != current_cpu)
		for (last = 0; last < MOST_CPUS - 1; last++)
			if (!spent[last].cpu || spent[last].cpu == current_cpu)
				break;
	spent[last].cpu = current_cpu;
	return &spent[last].instructions;
}

void count_block(unsigned instructions)
{
	*of_current() += instructions;
}

unsigned count_vcpu(void)
{
	of_current();
	return last;
}

uint64_t count_spent(unsigned left)
{
	return *of_current() - left;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Counts turns of tasks in a BPF arena, and by CPU in an array that user space makes as long as
 * there are CPUs; linked.bpf.c calls it.
 */
#include <scx/common.bpf.h>

char _license[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16);
	__ulong(map_extra, 1ull << 44);
} arena SEC(".maps");

/* In the arena. */
u64 __attribute__((address_space(1))) turns;

const volatile u32 nr_cpus = 1;
u64 RESIZABLE_ARRAY(data, turns_of_cpu);

u64 last_weight;

/* Turns on CPUs that an array of one element has no place for. */
u64 turns_beyond;

int count_turn(u32 weight)
{
	s32 cpu = bpf_get_smp_processor_id();
	u64 *mine = ARRAY_ELEM_PTR(turns_of_cpu, cpu, nr_cpus);

	if (mine) {
		(*mine)++;
		if (cpu)
			turns_beyond++;
	}
	turns++;
	return weight;
}

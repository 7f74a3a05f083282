/* SPDX-License-Identifier: GPL-2.0 */
/* fifo, with something in a map of each kind, to be found from outside. */
#include "scx.bpf.h"

char _license[] SEC("license") = "GPL";

#define SHARED_DSQ 0
#define CELLS 4
#define SLICE_NS 20000000

enum colour { RED, GREEN = 7 };

struct part {
	u32 low;
	s32 high;
};

struct cell {
	u64 nr_queued;
	s32 below;
	enum colour colour;
	u32 three : 3, five : 5;
	char name[16];
	struct part parts[2];
	bool hot;
};

struct task_ctx {
	u32 pid;
	u32 nr_enqueued;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CELLS);
	__type(key, u32);
	__type(value, struct cell);
} cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u64);
	__type(value, struct cell);
} by_number SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, struct part);
	__type(value, u64);
} by_part SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct part);
} cpu_ctx SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
} cpu_by_number SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_ctx);
} task_ctxs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
} arena SEC(".maps");

#define __arena __attribute__((address_space(1)))
#define ANY_NODE -1

struct piece {
	u64 value;
	struct piece __arena *next;
};

void __arena *bpf_arena_alloc_pages(void *map, void __arena *at, u32 pages, int node,
				    u64 flags) __ksym;

struct piece __arena *first;

u64 nr_enqueued;
s32 below_zero = -5;
char greeting[16] = "hello";
struct part parts[3] = {{1, -1}, {2, -2}, {3, -3}};
const volatile u32 answer = 42;

void SCX_PROG(maps_enqueue, struct task_struct *p, u64 enq_flags)
{
	struct task_ctx *own;
	struct part *part;
	u32 zero = 0;

	__sync_fetch_and_add(&nr_enqueued, 1);
	own = bpf_task_storage_get(&task_ctxs, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (own) {
		own->pid = p->pid;
		own->nr_enqueued++;
	}
	part = bpf_map_lookup_elem(&cpu_ctx, &zero);
	if (part)
		part->low = bpf_get_smp_processor_id() + 100;
	scx_insert(p, SHARED_DSQ, SLICE_NS, enq_flags);
}

void SCX_PROG(maps_dispatch, s32 cpu, struct task_struct *prev)
{
	scx_move_to_local(SHARED_DSQ);
}

static void fill(struct cell *cell, u64 number)
{
	cell->nr_queued = 1000 + number;
	cell->below = -10 - (s32)number;
	cell->colour = GREEN;
	cell->three = 5;
	cell->five = 21;
	cell->name[0] = 'c';
	cell->name[1] = '0' + number;
	cell->parts[1].low = 0xfffffff0;
	cell->parts[1].high = -2;
	cell->hot = true;
}

s32 SCX_SLEEPABLE_PROG(maps_init)
{
	struct part key = {.low = 3, .high = -3};
	u64 value = 77;

	for (int i = 0; i < CELLS; i++) {
		u64 number = i * 0x100000000;
		u32 index = i;
		struct cell *cell = bpf_map_lookup_elem(&cells, &index);

		if (!cell)
			return -22;
		fill(cell, i);
		bpf_map_update_elem(&by_number, &number, cell, BPF_ANY);
		bpf_map_update_elem(&cpu_by_number, &index, &number, BPF_ANY);
	}
	first = bpf_arena_alloc_pages(&arena, NULL, 1, ANY_NODE, 0);
	if (!first)
		return -12;
	first->value = 11;
	first->next = first + 3;
	first[3].value = 33;
	bpf_map_update_elem(&by_part, &key, &value, BPF_ANY);
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_PROG(maps_exit, struct scx_exit_info *ei)
{
	scx_record_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops maps_ops = {
	.enqueue = (void *)maps_enqueue,
	.dispatch = (void *)maps_dispatch,
	.init = (void *)maps_init,
	.exit = (void *)maps_exit,
	.exit_dump_len = SCX_EXIT_DUMP_LEN,
	.name = "maps",
};

// SPDX-License-Identifier: GPL-2.0-or-later
#include "walk.h"

#include <string.h>
#include <sys/socket.h>

#include "count.h"
#include "hold.h"
#include "look.h"

// What a callback is told of an instruction, in 64 bits: its address without the highest 16, which
// repeat the one below; whether a block begins there; how many it has left, with this one.
enum { ADDRESS_SHIFT = 16, BEGINS = 1 << 15, LEFT = BEGINS - 1 };
#define NEVER UINT64_MAX

struct stop {
	uint64_t address, not_before;
	uint32_t skip;
};

struct written {
	uint64_t address, size;
};

static struct {
	struct plugin *plugin;
	unsigned probe;
	bool closely;
	// of instructions before the next of which it is time to ask for the time
	int64_t quiet;
	uint64_t until;
	bool exact;
	unsigned breaks, watches;
	uint64_t filter; // one bit for the low bits of each break's address
	struct stop stops[MOST_BREAKS];
	struct written written[MOST_BREAKS];
	bool any;	  // stands before the next instruction of whomever
	const void *step; // or of this vCPU
	uint64_t wrote;	  // where it did, if that is why it is to stand
	uint64_t why, where;
} walk = {.until = 0};

static const char *const names[WALKED_REGISTERS] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp",     "rsp",	"r8",	     "r9",   "r10",
	"r11", "r12", "r13", "r14", "r15", "rip", "eflags",  "cs",	"ss",	     "ds",   "es",
	"fs",  "gs",  "cr0", "cr2", "cr3", "cr4", "fs_base", "gs_base", "k_gs_base", "efer",
};
enum { WALKED_RIP = 16 };

bool walk_begin(struct plugin *plugin)
{
	for (unsigned i = 0; i < plugin->watch.header.probes; i++) {
		if (!(plugin->watch.probes[i].flags & PROBE_WALKS))
			continue;
		walk.plugin = plugin;
		walk.probe = i;
	}
	return walk.plugin;
}

static unsigned vcpu(void)
{
	unsigned number = 0;

	while (qemu_get_cpu(number) && qemu_get_cpu(number) != current_cpu)
		number++;
	return number;
}

static void stand(uint64_t why, uint64_t where, uint64_t address, unsigned left)
{
	struct instant instant = {.address = address, .left = left, .knows_cpu = true};

	instant.cpu = vcpu();
	walk.why = why;
	walk.where = where;
	walk.any = false;
	walk.step = NULL;
	walk.plugin->output.probes[walk.probe].hits++;
	hold_guest(walk.plugin, walk.probe, &instant);
}

// Stands where it is time, and tells for how many instructions it will not be: `passes` of them
// go by before the next question.
static bool stands_for_time(uint64_t address, unsigned left, unsigned passes)
{
	uint64_t now = count_now(left), each = icount_to_ns(1), rest = INT64_MAX;
	bool due = now >= walk.until;

	if (due) {
		walk.until = NEVER;
		stand(ORDER_UNTIL, 0, address, left);
	}
	if (walk.until != NEVER)
		rest = walk.until > now ? (walk.until - now + each - 1) / each : 0;
	walk.quiet = (int64_t)rest - passes;
	return due;
}

static bool stands_at_break(uint64_t address, unsigned left)
{
	if (!(walk.filter >> (address & 63) & 1))
		return false;
	for (unsigned i = 0; i < walk.breaks; i++) {
		struct stop *stop = &walk.stops[i];

		if (stop->address != address)
			continue;
		if (stop->not_before && count_now(left) < stop->not_before)
			continue;
		if (stop->skip) {
			stop->skip--;
			continue;
		}
		stand(ORDER_BREAK, address, address, left);
		return true;
	}
	return false;
}

static void at_block(unsigned translator, void *data)
{
	unsigned left = (uintptr_t)data & LEFT;

	(void)translator;
	if (walk.quiet > 0)
		walk.quiet -= left;
	else
		stands_for_time((int64_t)(uintptr_t)data >> ADDRESS_SHIFT, left, left);
}

static void at_break(unsigned translator, void *data)
{
	(void)translator;
	stands_at_break((int64_t)(uintptr_t)data >> ADDRESS_SHIFT, (uintptr_t)data & LEFT);
}

// Where every instruction is looked at, time is asked for where a block begins all the same, so
// that an instant is the same one whether somebody steps or not.
static void at_instruction(unsigned translator, void *data)
{
	uint64_t address = (int64_t)(uintptr_t)data >> ADDRESS_SHIFT;
	unsigned left = (uintptr_t)data & LEFT;

	(void)translator;
	if (walk.quiet > 0)
		walk.quiet--;
	else if ((walk.exact || (uintptr_t)data & BEGINS) && stands_for_time(address, left, 1))
		return;
	if (walk.any || (walk.step && walk.step == current_cpu)) {
		uint64_t wrote = walk.wrote;

		walk.wrote = 0;
		stand(wrote ? ORDER_WATCH : ORDER_STEP, wrote, address, left);
	} else if (walk.breaks) {
		stands_at_break(address, left);
	}
}

static void at_write(unsigned translator, uint32_t info, uint64_t address, void *data)
{
	uint64_t size = 1ull << qemu_plugin_mem_size_shift(info);

	(void)translator;
	(void)data;
	for (unsigned i = 0; i < walk.watches; i++) {
		struct written *each = &walk.written[i];

		if (address < each->address + each->size && each->address < address + size) {
			walk.step = current_cpu;
			walk.wrote = address;
		}
	}
}

// Nothing runs until a clock's alarm, and time is another then.
static void at_halt(unsigned translator, void *data)
{
	(void)translator;
	(void)data;
	walk.quiet = 0;
}

static bool halts(const struct qemu_plugin_insn *insn)
{
	uint8_t code[3] = {0};
	size_t size = qemu_plugin_insn_data(insn, code, sizeof(code));

	return (size == 1 && code[0] == 0xf4) ||
	       (size == 3 && code[0] == 0x0f && code[1] == 0x01 && code[2] == 0xc9); // mwait
}

static void hook_instruction(struct qemu_plugin_insn *insn, uint64_t address, void *data)
{
	if (walk.closely) {
		qemu_plugin_register_vcpu_insn_exec_cb(insn, at_instruction, QP_READS_REGISTERS,
						       data);
		qemu_plugin_register_vcpu_mem_cb(insn, at_write, QP_READS_NOTHING, QP_STORES, NULL);
		return;
	}
	for (unsigned i = 0; i < walk.breaks; i++) {
		if (walk.stops[i].address != address)
			continue;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, at_break, QP_READS_REGISTERS, data);
		return;
	}
}

void walk_hook(struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);

	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		uint64_t packed = address << ADDRESS_SHIFT | (i ? 0 : BEGINS) | (count - i);

		if (!i && !walk.closely)
			qemu_plugin_register_vcpu_tb_exec_cb(tb, at_block, QP_READS_REGISTERS,
							     (void *)packed);
		if (halts(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_halt, QP_READS_NOTHING,
							       NULL);
		hook_instruction(insn, address, (void *)packed);
	}
}

static uint64_t state_of(void *cpu, struct told *told)
{
	static struct qemu_plugin_register *handles[WALKED_REGISTERS];
	static GByteArray *bytes;
	uint64_t known = 0;

	if (!bytes) {
		GArray *all = qemu_plugin_get_registers();
		unsigned step = g_array_get_element_size(all);

		bytes = g_byte_array_new();
		for (unsigned i = 0; i < all->len; i++) {
			struct qp_register *one = (void *)(all->data + (size_t)i * step);

			for (unsigned k = 0; k < WALKED_REGISTERS; k++)
				if (!strcmp(one->name, names[k]))
					handles[k] = one->handle;
		}
	}
	for (unsigned k = 0; k < WALKED_REGISTERS; k++) {
		g_byte_array_set_size(bytes, 0);
		// a handle is the number that QEMU's own gdb stub has for it, and 1
		if (!handles[k] || gdb_read_register(cpu, bytes, (intptr_t)handles[k] - 1) <= 0)
			continue;
		memcpy(&told->value[k], bytes->data, bytes->len < 8 ? bytes->len : 8);
		known |= 1ull << k;
	}
	return known;
}

static bool tell(int fd, unsigned number, struct instant *instant)
{
	struct told told = {.now = count_now(instant->left), .why = walk.why, .where = walk.where};
	void *cpu = qemu_get_cpu(number);

	while (qemu_get_cpu(told.vcpus))
		told.vcpus++;
	if (cpu)
		told.known = state_of(cpu, &told);
	if (cpu == current_cpu)
		told.value[WALKED_RIP] = instant->address;
	return send(fd, &told, sizeof(told), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(told);
}

static int forget_block(void *block, void *data)
{
	uint64_t first = qemu_ram_get_offset(block), size = qemu_ram_get_used_length(block);

	(void)data;
#if QP_LEVEL < 7
	tb_invalidate_phys_range(first, first + size - 1);
#else
	tb_invalidate_phys_range(current_cpu, first, first + size - 1);
#endif
	return 0;
}

// Has all code translated anew, as if the guest had written over it. What runs at this moment goes
// on to the end of its block, and no turn is cut short: a flush of all translations would.
static void look_closely(bool closely)
{
	if (walk.closely == closely)
		return;
	walk.closely = closely;
	qemu_ram_foreach_block(forget_block, NULL);
}

static bool add_break(const struct order *order)
{
	if (walk.breaks == MOST_BREAKS)
		return false;
	walk.stops[walk.breaks++] = (struct stop){order->value, order->other, order->number};
	walk.filter |= 1ull << (order->value & 63);
	return true;
}

static bool add_watch(const struct order *order)
{
	if (walk.watches == MOST_BREAKS)
		return false;
	walk.written[walk.watches++] = (struct written){order->value, order->number};
	return true;
}

bool walk_order(int fd, const struct order *order, struct instant *instant)
{
	if (!walk.plugin)
		return false;
	switch (order->word) {
	case ORDER_UNTIL:
		walk.until = order->value;
		walk.exact = order->number;
		walk.quiet = 0;
		return true;
	case ORDER_BREAK:
		return add_break(order);
	case ORDER_CLEAR:
		walk.breaks = walk.watches = 0;
		walk.filter = 0;
		return true;
	case ORDER_STEP:
		walk.any = !order->number;
		walk.step = order->number ? qemu_get_cpu(order->number - 1) : NULL;
		return true;
	case ORDER_WATCH:
		return add_watch(order);
	case ORDER_TELL:
		return tell(fd, order->number, instant);
	case ORDER_CLOSELY:
		look_closely(order->number);
		return true;
	}
	return false;
}

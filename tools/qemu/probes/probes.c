// SPDX-License-Identifier: GPL-2.0-or-later
//
// A plugin of QEMU that looks into the kernel of a guest in virtual time, at exact instructions,
// and changes nothing: the run is the same to the byte with it and without. For a machine whose
// vCPUs take turns on one thread, so that nothing here is locked.
//
//	-plugin file=probes.so,watch=FILE,out=FILE[,hold=SOCKET]
//
// `watch` is what to look at (watch.h), `out` gets what was seen (output.h), `hold` is a path or a
// descriptor's number. A plugin that cannot do what it is told says so in `out`, and does nothing:
// the guest runs as without it.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "blocks.h"
#include "changes.h"
#include "count.h"
#include "guest.h"
#include "places.h"
#include "qemu.h"
#include "walk.h"

EXPORT int qemu_plugin_version = QP_LEVEL;

static struct plugin plugin;
static bool walks;

static void at_entry(unsigned translator, void *data)
{
	const struct site *site = data;
	struct place *place = site->place;
	struct instant instant = {.address = place->address, .left = site->left};

	(void)translator;
	for (unsigned i = 0; i < place->entries; i++)
		look(&plugin, place->at_entry[i], &instant);
	if (place->returns)
		place_enter(place, &instant);
}

static void at_leave(unsigned translator, void *data)
{
	const struct leave *leave = data;
	const struct place *place = leave->place;
	struct instant instant = {.address = leave->address, .left = 1};

	(void)translator;
	if (leave->jumps_to >= 0) {
		uint64_t target = instant_register(&instant, leave->jumps_to);

		if (target >= place->address && target <= place->last)
			return;
	}
	instant.call = place_return(leave->place, instant_register(&instant, RSP));
	if (!instant.call)
		return;
	for (unsigned i = 0; i < place->returns; i++)
		look(&plugin, place->at_return[i], &instant);
}

static void at_block(unsigned translator, void *instructions)
{
	(void)translator;
	count_block((uintptr_t)instructions);
}

static void at_store(unsigned translator, uint32_t what, uint64_t to, void *data)
{
	(void)translator;
	changes_at(&plugin, to, 1u << qemu_plugin_mem_size_shift(what), data);
}

static void at_covered(unsigned translator, void *block)
{
	(void)translator;
	block_runs(&plugin, block);
}

// A block that coverage asks for is told when it runs; its bytes are those of its instructions.
static void hook_block(struct qemu_plugin_tb *tb)
{
	struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, qemu_plugin_tb_n_insns(tb) - 1);
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	uint64_t end = qemu_plugin_insn_vaddr(last) + qemu_plugin_insn_size(last);
	struct block *block = block_at(address, end - address);

	if (block)
		qemu_plugin_register_vcpu_tb_exec_cb(
			tb, at_covered,
			block_is_of_program(block) ? QP_READS_REGISTERS : QP_READS_NOTHING, block);
}

static void hook(struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);

	if (walks)
		walk_hook(tb);
	if (count)
		hook_block(tb);
	if (!(qemu_plugin_tb_vaddr(tb) >> 63)) // of a program
		return;
	if (plugin.watch.counts)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, at_block, QP_READS_NOTHING, (void *)count);
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		struct place *place = place_at(address);
		struct site *site = place ? place_site(place, count - i) : NULL;
		struct leave *leave = NULL;

		if (plugin.watch.changes)
			qemu_plugin_register_vcpu_mem_cb(insn, at_store, QP_READS_REGISTERS,
							 QP_STORES,
							 changes_site(address, count - i));
		if (site)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_entry, QP_READS_REGISTERS,
							       site);
		place = i == count - 1 ? place_around(address) : NULL;
		if (place) {
			uint8_t code[16] = {0};
			size_t size = qemu_plugin_insn_data(insn, code, sizeof(code));

			leave = place_leave(place, address, code, size);
		}
		if (leave)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, at_leave, QP_READS_REGISTERS,
							       leave);
	}
}

static void on_vcpu(unsigned vcpu)
{
	if (vcpu || guest_begin())
		return;
	plugin.output.header->state = OUTPUT_REFUSED;
	output_say(&plugin.output, "the processor lacks a register that records have");
}

static void on_end(void)
{
	if (plugin.output.header->state == OUTPUT_WATCHES)
		plugin.output.header->state = OUTPUT_ENDED;
}

#if QP_LEVEL < 7
static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	hook(tb);
}

static void vcpu_began(uint64_t id, unsigned vcpu)
{
	(void)id;
	on_vcpu(vcpu);
}

static void ended(uint64_t id, void *data)
{
	(void)id;
	(void)data;
	on_end();
}

static void begin(uint64_t id)
{
	qemu_plugin_register_vcpu_init_cb(id, vcpu_began);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
}
#else
static void translated(struct qemu_plugin_tb *tb, void *data)
{
	(void)data;
	hook(tb);
}

static void vcpu_began(unsigned vcpu, void *data)
{
	(void)data;
	on_vcpu(vcpu);
}

static void ended(void *data)
{
	(void)data;
	on_end();
}

static void begin(uint64_t id)
{
	qemu_plugin_register_vcpu_init_cb(id, vcpu_began, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated, NULL);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
}
#endif

static const char *value_of(const char *name, int argc, char **argv)
{
	size_t size = strlen(name);

	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], name, size) && argv[i][size] == '=')
			return argv[i] + size + 1;
	return NULL;
}

// Does what it is told, or says in `why` why it does not.
static bool prepare(const char *watch, const char *hold, const char *out, char *why, size_t size)
{
	struct watch *to = &plugin.watch;

	plugin.hold.fd = -1;
	if (!watch_load(to, watch, why, size)) {
		to->header.probes = to->header.predicates = 0;
		to->header.most_bytes = 0;
	}
	if (!output_open(&plugin.output, out, to->header.probes, to->header.predicates,
			 to->header.most_bytes)) {
		snprintf(why, size, "no memory for records: %s", strerror(errno));
		return false;
	}
	if (!*why && hold && !hold_open(&plugin.hold, hold))
		snprintf(why, size, "holds: no way to the host: %s", strerror(errno));
	if (!*why && !places_make(&plugin))
		snprintf(why, size, "no memory for its probes");
	walks = walk_begin(&plugin);
	blocks_begin(&plugin);
	return !*why;
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	const char *watch = value_of("watch", argc, argv), *out = value_of("out", argc, argv);
	char why[REASON_BYTES] = "";

	(void)info;
	if (!watch || !out) {
		fprintf(stderr, "probes.so: nothing to watch: give it watch=FILE and out=FILE\n");
		return 0;
	}
	if (prepare(watch, value_of("hold", argc, argv), out, why, sizeof(why))) {
		plugin.output.header->state = OUTPUT_WATCHES;
		if (plugin.watch.header.probes)
			begin(id);
		return 0;
	}
	fprintf(stderr, "probes.so: %s\n", why);
	if (plugin.output.header) {
		plugin.output.header->state = OUTPUT_REFUSED;
		output_say(&plugin.output, why);
	}
	return 0;
}

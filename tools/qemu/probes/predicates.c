// SPDX-License-Identifier: GPL-2.0-or-later
#include "predicates.h"

#include <string.h>

#include "guest.h"
#include "ram.h"

static struct predicate_look now;
// As large as a record's part may be: one probe's predicates, each with its terms.
static uint8_t failed_bytes[MOST_PREDICATES * (sizeof(struct failed) + 8 * PREDICATE_TERMS)];

static bool read_guest(void *unused, uint64_t address, void *to, uint32_t size)
{
	(void)unused;
	return guest_read(address, to, size);
}

static const uint8_t *find(void *unused, uint64_t address, uint32_t size)
{
	(void)unused;
	return ram_find(address, size);
}

// One instant for all predicates that are evaluated at it.
static void begin(struct plugin *plugin, struct instant *instant)
{
	const struct watch_header *kernel = &plugin->watch.header;

	if (instant->began)
		return;
	instant->began = true;
	now.find = find;
	now.read = read_guest;
	now.per_cpu = guest_areas(kernel);
	now.cpus = kernel->cpus;
	now.cpu = instant->cpu;
	now.result = instant->call ? instant_register(instant, RAX) : 0;
	predicate_begin(&now);
}

static void give_registers(const struct predicate_program *program, struct instant *instant)
{
	for (unsigned i = RAX; i <= R15; i++)
		if (program->registers >> i & 1)
			now.registers[i] = base_of(instant, i);
}

static void keep(struct failures *failures, unsigned number, unsigned terms)
{
	struct failed head = {.predicate = number, .terms = terms};
	uint8_t *to = failed_bytes + failures->used;

	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), now.term, 8 * terms);
	failures->bytes = failed_bytes;
	failures->used += sizeof(head) + 8 * terms;
	failures->count++;
}

bool predicates_fail(struct plugin *plugin, const struct probe *probe, struct instant *instant,
		     struct failures *failures)
{
	if (instant->cpu < 0)
		return false;
	begin(plugin, instant);
	for (unsigned i = 0; i < probe->predicates; i++) {
		unsigned number = plugin->watch.evaluated[probe->predicate + i];
		const struct predicate_program *program = &plugin->watch.programs[number];
		enum predicate_end end;

		give_registers(program, instant);
		end = predicate_run(program, &now);
		plugin->output.predicates[number].times[end]++;
		if (end == PREDICATE_FAILS &&
		    (probe->flags & PROBE_EVERY ||
		     plugin->failures[number] < plugin->watch.header.failures)) {
			plugin->failures[number]++;
			keep(failures, number, program->terms);
		}
	}
	return failures->count;
}

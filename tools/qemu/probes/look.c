// SPDX-License-Identifier: GPL-2.0-or-later
#include "look.h"

#include <string.h>

#include "changes.h"
#include "count.h"
#include "guest.h"
#include "places.h"
#include "predicates.h"

// Where a record is being written.
struct writer {
	uint8_t *begin, *at;
};

static void put(struct writer *out, const void *bytes, size_t size)
{
	memcpy(out->at, bytes, size);
	out->at += size;
}

uint64_t instant_register(struct instant *instant, unsigned number)
{
	if (number == RIP)
		return instant->address;
	if (!(instant->known >> number & 1)) {
		instant->value[number] = guest_register(number);
		instant->known |= 1ull << number;
	}
	return instant->value[number];
}

uint64_t base_of(struct instant *instant, unsigned number)
{
	if (instant->call && number <= R15 && KEPT >> number & 1)
		return instant->call->value[number];
	return instant_register(instant, number);
}

// The base itself, as a number.
static uint64_t number_of(struct instant *instant, unsigned base)
{
	switch (base) {
	case NOW:
		return count_now(instant->left);
	case BEGAN:
		return instant->call ? instant->call->began : 0;
	case SPENT:
		return count_spent(instant->left);
	case TOOK:
		if (!instant->call || instant->call->vcpu != count_vcpu())
			return UINT64_MAX; // it slept, and woke up elsewhere
		return count_spent(instant->left) - instant->call->spent;
	}
	return base_of(instant, base);
}

// Follows the pointers; false, and zeros, where one is NULL or the odd mark of an end, or cannot be
// read. `area` is what the last offset is added to, beside the last pointer.
static bool read_run(uint64_t base, uint64_t area, const struct read *read, unsigned time, void *to)
{
	uint64_t at = base + read->offset[0];

	for (unsigned i = 1; i < read->offsets; i++) {
		if (!guest_read(at, &at, sizeof(at)) || !at || at & 1) {
			memset(to, 0, read->size);
			return false;
		}
		at += read->offset[i] + (i == read->array ? 8ull * time : 0);
	}
	return guest_read(at + area, to, read->size);
}

static bool read_times(uint64_t base, uint64_t area, const struct read *read, uint8_t *to)
{
	bool whole = true;

	for (unsigned i = 0; i < read->times; i++)
		whole &= read_run(base, area, read, i, to + (size_t)i * read->size);
	return whole;
}

static bool read_one(struct instant *instant, const struct read *read, uint8_t *to)
{
	uint64_t base;

	if (!read->offsets) {
		base = number_of(instant, read->base);
		memcpy(to, &base, sizeof(base));
		return true;
	}
	base = read->base == ABSOLUTE ? 0 : base_of(instant, read->base);
	return read_times(base, 0, read, to);
}

static bool read_each_cpu(const struct watch_header *kernel, const struct read *read, uint8_t *to)
{
	const uint64_t *area = guest_areas(kernel);
	uint64_t bytes = read->size * read->times;
	bool whole = area[0], first = read->base == EACH_CPU;

	for (unsigned cpu = 0; cpu < kernel->cpus; cpu++)
		whole &= read_times(first ? area[cpu] : 0, first ? 0 : area[cpu], read,
				    to + cpu * bytes);
	return whole;
}

static bool is_due(struct plugin *plugin, const struct probe *probe, struct instant *instant)
{
	const struct period *period = &plugin->watch.periods[probe->period];
	const struct read *read = &plugin->watch.reads[period->read];
	uint64_t *due = &plugin->due[probe->period], now;

	if (!read_one(instant, read, (uint8_t *)&now) || now < *due)
		return false;
	*due = now + period->least;
	return true;
}

// Whether the number at which the probe begins is reached.
static bool has_begun(struct plugin *plugin, const struct probe *probe, struct instant *instant)
{
	const struct period *period = &plugin->watch.periods[probe->period];
	uint64_t now;

	return read_one(instant, &plugin->watch.reads[period->read], (uint8_t *)&now) &&
	       now >= period->least;
}

static uint64_t put_runs(struct plugin *plugin, const struct probe *probe, struct instant *instant,
			 struct writer *out)
{
	const struct watch_header *kernel = &plugin->watch.header;
	uint64_t missing = 0;

	for (unsigned i = 0; i < probe->reads; i++) {
		const struct read *read = &plugin->watch.reads[probe->read + i];
		bool whole;

		if (read->base == EACH_CPU || read->base == POINTED_CPU)
			whole = read_each_cpu(kernel, read, out->at);
		else
			whole = read_one(instant, read, out->at);
		out->at += read_bytes(kernel, read);
		missing |= (uint64_t)!whole << i;
	}
	return missing;
}

// From a stack's pointer to its end; less where that cannot be read.
static void put_stack(struct writer *out, uint64_t pointer, uint64_t size)
{
	struct stack stack = {pointer, size - (pointer & (size - 1)), 0};
	uint8_t *bytes = out->at + sizeof(stack);

	while (stack.bytes && !guest_read(pointer, bytes, stack.bytes))
		stack.bytes = stack.bytes > 4096 ? 4096 - (pointer & 4095) : stack.bytes / 2;
	put(out, &stack, sizeof(stack));
	out->at += stack.bytes;
}

static unsigned put_stacks(const struct watch_header *kernel, struct instant *instant,
			   struct writer *out)
{
	uint64_t pointer = instant_register(instant, RSP), size = kernel->stack_bytes;
	uint64_t task, bottom;

	put_stack(out, pointer, size);
	if (!guest_read(instant_register(instant, GS_BASE) + kernel->current_task, &task, 8) ||
	    !guest_read(task + kernel->task_stack, &bottom, 8) ||
	    (pointer >= bottom && pointer < bottom + size))
		return 1;
	put_stack(out, bottom, size);
	return 2;
}

static bool record(struct plugin *plugin, unsigned number, struct instant *instant,
		   const struct failures *failures)
{
	const struct probe *probe = &plugin->watch.probes[number];
	struct probe_count *count = &plugin->output.probes[number];
	struct record head = {.probe = number, .hit = count->hits};
	uint32_t most = plugin->watch.record_bytes[number];
	struct writer out;

	if (probe->flags & PROBE_YIELDS &&
	    !output_spares(&plugin->output, most, plugin->watch.header.reserve))
		return false;
	count->records++;
	if (instant->cpu < 0) {
		plugin->output.header->lost++;
		return false;
	}
	out.begin = output_begin(&plugin->output, most);
	if (!out.begin)
		return false;
	out.at = out.begin + sizeof(head);
	head.cpu = instant->cpu;
	head.missing = put_runs(plugin, probe, instant, &out);
	if (probe->flags & PROBE_REGISTERS) {
		for (unsigned i = 0; i < REGISTERS; i++) {
			uint64_t value = instant_register(instant, i);

			put(&out, &value, sizeof(value));
		}
	}
	head.failed = failures->count;
	put(&out, failures->bytes, failures->used);
	if (probe->flags & PROBE_STACK)
		head.stacks = put_stacks(&plugin->watch.header, instant, &out);
	while ((out.at - out.begin) % 8)
		*out.at++ = 0;
	head.bytes = out.at - out.begin;
	memcpy(out.begin, &head, sizeof(head));
	output_end(&plugin->output, head.bytes);
	return true;
}

// The function that the probe's first two reads tell comes, or goes.
static void learn(struct plugin *plugin, const struct probe *probe, struct instant *instant)
{
	const struct read *read = &plugin->watch.reads[probe->read];
	uint64_t address;
	uint32_t size;

	if (!read_one(instant, &read[0], (uint8_t *)&address) ||
	    !read_one(instant, &read[1], (uint8_t *)&size))
		return;
	if (probe->flags & PROBE_FORGETS)
		places_forget(address, size);
	else if (!places_learn(address, size))
		output_say(&plugin->output, "more functions were learned than there is room for");
}

// The first of the probe's reads is the phase that the guest is in from now on.
static void mark(struct plugin *plugin, const struct probe *probe, struct instant *instant)
{
	uint64_t phase;

	if (!read_one(instant, &plugin->watch.reads[probe->read], (uint8_t *)&phase))
		return;
	plugin->phase = phase;
	changes_begin(plugin);
}

static bool is_in_phase(const struct plugin *plugin, const struct probe *probe)
{
	return plugin->phase >= probe->phase && plugin->phase <= probe->until;
}

void look(struct plugin *plugin, unsigned number, struct instant *instant)
{
	const struct probe *probe = &plugin->watch.probes[number];
	struct probe_count *count = &plugin->output.probes[number];
	struct failures failures = {0};

	if (!is_in_phase(plugin, probe))
		return;
	if (probe->flags & PROBE_BEGINS && !has_begun(plugin, probe, instant))
		return;
	if (count->hits++ < probe->skip)
		return;
	if (probe->flags & (PROBE_LEARNS | PROBE_FORGETS))
		learn(plugin, probe, instant);
	if (count->records >= probe->limit)
		return;
	if (probe->period != NO_PERIOD && !(probe->flags & PROBE_BEGINS) &&
	    !is_due(plugin, probe, instant))
		return;
	if (!instant->knows_cpu) {
		instant->cpu = guest_cpu(&plugin->watch.header);
		instant->knows_cpu = true;
	}
	if (instant->cpu < 0)
		output_say(&plugin->output, "the kernel's memory does not tell which CPU runs");
	if (probe->predicates && !predicates_fail(plugin, probe, instant, &failures))
		return;
	if (probe->flags & PROBE_MARKS)
		mark(plugin, probe, instant);
	record(plugin, number, instant, &failures);
	if (probe->flags & PROBE_HOLD)
		hold_guest(plugin, number, instant);
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "places.h"

#include <stdlib.h>
#include <string.h>

#include "count.h"

enum { SLOT_BITS = 12, SLOTS = 1 << SLOT_BITS }; // twice as many as there are probes, and more

static struct place *slots[SLOTS];
// Those with probes at returns, by address.
static struct place *functions[MOST_PROBES + MOST_LEARNED];
static unsigned function_count, learned_count;
// What each learned function is made like.
static struct place learned;

static unsigned slot_of(uint64_t address)
{
	unsigned slot = address * 0x9e3779b97f4a7c15ull >> (64 - SLOT_BITS);

	while (slots[slot] && slots[slot]->address != address)
		slot = (slot + 1) % SLOTS;
	return slot;
}

static int by_address(const void *one, const void *other)
{
	uint64_t a = (*(struct place *const *)one)->address;
	uint64_t b = (*(struct place *const *)other)->address;

	return (a > b) - (a < b);
}

static uint32_t base_bit(const struct read *read)
{
	return read->base <= R15 ? 1u << read->base : 0;
}

// The registers that must be kept of a call for a probe where it returns.
static uint32_t kept_for(const struct watch *watch, const struct probe *probe)
{
	uint32_t kept = 1u << RSP, numbers = 0;

	for (unsigned i = 0; i < probe->reads; i++)
		kept |= base_bit(&watch->reads[probe->read + i]);
	for (unsigned i = 0; i < probe->reads; i++)
		numbers |= 1u << watch->reads[probe->read + i].base;
	if (probe->period != NO_PERIOD)
		kept |= base_bit(&watch->reads[watch->periods[probe->period].read]);
	for (unsigned i = 0; i < probe->predicates; i++)
		kept |= watch->programs[watch->evaluated[probe->predicate + i]].registers;
	return (kept & KEPT) | (numbers & (1u << BEGAN | 1u << TOOK));
}

static struct place *place_new(uint64_t address)
{
	unsigned slot = slot_of(address);

	if (!slots[slot])
		slots[slot] = calloc(1, sizeof(*slots[slot]));
	if (slots[slot])
		slots[slot]->address = address;
	return slots[slot];
}

bool places_make(struct plugin *plugin)
{
	for (unsigned i = 0; i < plugin->watch.header.probes; i++) {
		const struct probe *probe = &plugin->watch.probes[i];
		bool waits = probe->flags & PROBE_LEARNED;
		struct place *place;

		// these stand wherever a write is, where the host orders, or where code is
		if (probe->flags & (PROBE_CHANGES | PROBE_WALKS | PROBE_BLOCKS))
			continue;
		place = waits ? &learned : place_new(probe->address);
		if (!place)
			return false;
		if (!(probe->flags & PROBE_RETURN)) {
			place->at_entry[place->entries++] = i;
			continue;
		}
		if (!place->returns && !waits)
			functions[function_count++] = place;
		place->at_return[place->returns++] = i;
		place->kept |= kept_for(&plugin->watch, probe);
		if (place->last < probe->last && !waits)
			place->last = probe->last;
	}
	qsort(functions, function_count, sizeof(*functions), by_address);
	return true;
}

struct place *place_at(uint64_t address)
{
	return slots[slot_of(address)];
}

// Where learned functions lay, others lie later, or what is none.
static void forget(uint64_t address, uint64_t last)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < function_count; i++) {
		struct place *each = functions[i];

		if (each->learned && each->address <= last && address <= each->last)
			each->entries = each->returns = 0;
		else
			functions[kept++] = each;
	}
	function_count = kept;
}

void places_forget(uint64_t address, uint32_t bytes)
{
	if (bytes)
		forget(address, address + bytes - 1);
}

bool places_learn(uint64_t address, uint32_t bytes)
{
	struct place *place = slots[slot_of(address)];

	if (!bytes || !(address >> 63) || address + bytes < address)
		return true;
	if (!place && learned_count++ >= MOST_LEARNED)
		return false;
	forget(address, address + bytes - 1);
	place = place_new(address);
	if (!place || function_count >= MOST_PROBES + MOST_LEARNED)
		return false;
	place->learned = true;
	place->last = address + bytes - 1;
	place->kept = learned.kept;
	place->entries = learned.entries;
	place->returns = learned.returns;
	memcpy(place->at_entry, learned.at_entry, sizeof(place->at_entry));
	memcpy(place->at_return, learned.at_return, sizeof(place->at_return));
	functions[function_count++] = place;
	qsort(functions, function_count, sizeof(*functions), by_address);
	return true;
}

struct site *place_site(struct place *place, unsigned left)
{
	struct site *site = place->sites;

	while (site && site->left != left)
		site = site->next;
	if (!site && (site = malloc(sizeof(*site)))) {
		*site = (struct site){place, left, place->sites};
		place->sites = site;
	}
	return site;
}

struct place *place_around(uint64_t address)
{
	unsigned low = 0, high = function_count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (functions[middle]->address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address <= functions[low - 1]->last ? functions[low - 1] : NULL;
}

// Our numbers of the registers that the processor numbers 0 to 7.
static const int of_processor[] = {RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI};

static bool is_outside(const struct place *place, uint64_t address)
{
	return address < place->address || address > place->last;
}

// Whether the instruction can leave the function for good, and the register that tells where to.
// A jump on a condition is none: compilers call no function that way. Neither is one by a table.
static bool leaves(const struct place *place, uint64_t address, const uint8_t *code, size_t size,
		   int *jumps_to)
{
	int32_t far;

	*jumps_to = -1;
	while (size > 1 && (code[0] == 0xf3 || code[0] == 0x3e)) // rep ret, notrack jmp
		code++, size--, address++;
	if (code[0] == 0xc3 || code[0] == 0xc2)
		return true;
	if (code[0] == 0xe9 && size == 5) {
		memcpy(&far, code + 1, sizeof(far));
		return is_outside(place, address + 5 + far);
	}
	if (code[0] == 0xeb && size == 2)
		return is_outside(place, address + 2 + (int8_t)code[1]);
	if (code[0] == 0xff && size == 2 && code[1] >= 0xe0 && code[1] <= 0xe7)
		*jumps_to = of_processor[code[1] - 0xe0];
	if (size == 3 && code[0] == 0x41 && code[1] == 0xff && code[2] >= 0xe0 && code[2] <= 0xe7)
		*jumps_to = R8 + code[2] - 0xe0;
	return *jumps_to >= 0;
}

struct leave *place_leave(struct place *place, uint64_t address, const uint8_t *code, size_t size)
{
	struct leave *leave;
	int jumps_to;

	if (!leaves(place, address, code, size, &jumps_to))
		return NULL;
	for (leave = place->leaves; leave; leave = leave->next)
		if (leave->address == address && leave->jumps_to == jumps_to)
			return leave;
	leave = malloc(sizeof(*leave));
	if (leave) {
		*leave = (struct leave){place, address, jumps_to, place->leaves};
		place->leaves = leave;
	}
	return leave;
}

void place_enter(struct place *place, struct instant *instant)
{
	struct call *call;

	place->newest = (place->newest + 1) % OPEN_CALLS;
	call = &place->calls[place->newest];
	for (unsigned i = RAX; i <= R15; i++)
		if (place->kept >> i & 1)
			call->value[i] = instant_register(instant, i);
	if (place->kept >> BEGAN & 1)
		call->began = count_now(instant->left);
	if (place->kept >> TOOK & 1)
		call->spent = count_spent(instant->left);
	call->vcpu = count_vcpu();
}

// By the stack alone: a function that sleeps may return on another CPU, with the stack it began on.
const struct call *place_return(struct place *place, uint64_t sp)
{
	static struct call found;

	for (unsigned i = 0; i < OPEN_CALLS; i++) {
		unsigned at = (place->newest + OPEN_CALLS - i) % OPEN_CALLS;

		if (place->calls[at].value[RSP] != sp)
			continue;
		found = place->calls[at];
		place->calls[at].value[RSP] = 0;
		if (!i)
			place->newest = (place->newest + OPEN_CALLS - 1) % OPEN_CALLS;
		return &found;
	}
	return NULL;
}

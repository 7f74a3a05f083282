// SPDX-License-Identifier: GPL-2.0-or-later
#include "changes.h"

#include <string.h>

#include "guest.h"

enum { ADDRESS_BITS = 54 };

// Where a number lies, what it was, and whose it is.
struct number {
	uint64_t address, last, value;
	unsigned probe;
};

static struct number numbers[MOST_PROBES];
static unsigned number_count;

static uint64_t value_of(const struct number *number)
{
	uint64_t value = 0;

	guest_read(number->address, &value, number->last - number->address + 1);
	return value;
}

void changes_begin(struct plugin *plugin)
{
	const struct watch_header *header = &plugin->watch.header;
	const uint64_t *areas = guest_areas(header);

	number_count = 0;
	for (unsigned i = 0; i < header->probes; i++) {
		const struct probe *probe = &plugin->watch.probes[i];
		struct number *number = &numbers[number_count];
		uint64_t area = probe->area ? areas[probe->area - 1] : 0;

		if (!(probe->flags & PROBE_CHANGES) || (probe->area && !area))
			continue;
		*number = (struct number){probe->address + area, probe->last + area, 0, i};
		number->value = value_of(number);
		number_count++;
	}
}

void *changes_site(uint64_t address, unsigned left)
{
	uint64_t mask = (1ull << ADDRESS_BITS) - 1;

	return (void *)((address & mask) | (uint64_t)left << ADDRESS_BITS);
}

void changes_at(struct plugin *plugin, uint64_t address, unsigned bytes, void *site)
{
	uint64_t packed = (uintptr_t)site;

	for (unsigned i = 0; i < number_count; i++) {
		struct number *number = &numbers[i];
		struct instant instant = {
			.address = packed | ~0ull << ADDRESS_BITS,
			.left = packed >> ADDRESS_BITS,
		};
		uint64_t value;

		if (address > number->last || address + bytes <= number->address)
			continue;
		value = value_of(number);
		if (value == number->value)
			continue;
		number->value = value;
		look(plugin, number->probe, &instant);
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "output.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool output_open(struct output *output, const char *path, unsigned probes, unsigned predicates,
		 uint64_t records)
{
	uint64_t begin = sizeof(struct output_header) + probes * sizeof(struct probe_count) +
			 predicates * sizeof(struct predicate_count);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	void *memory = MAP_FAILED;

	if (fd < 0)
		return false;
	output->size = begin + records;
	if (!ftruncate(fd, output->size))
		memory = mmap(NULL, output->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		return false;
	output->header = memory;
	output->probes = (struct probe_count *)(output->header + 1);
	output->predicates = (struct predicate_count *)(output->probes + probes);
	memset(output->header, 0, begin);
	output->header->version = OUTPUT_VERSION;
	output->header->end = begin;
	output->header->probes = probes;
	output->header->predicates = predicates;
	memcpy(output->header->magic, "KTSTRREC", sizeof(output->header->magic));
	return true;
}

void output_say(struct output *output, const char *why)
{
	if (!output->header->reason[0])
		snprintf(output->header->reason, REASON_BYTES, "%s", why);
}

bool output_spares(const struct output *output, uint32_t most, uint64_t reserve)
{
	return output->header->end + most + reserve <= output->size;
}

uint8_t *output_begin(struct output *output, uint32_t most)
{
	struct output_header *header = output->header;

	if (header->end + most > output->size) {
		header->lost++;
		return NULL;
	}
	return (uint8_t *)header + header->end;
}

void output_end(struct output *output, uint32_t bytes)
{
	__atomic_store_n(&output->header->end, output->header->end + bytes, __ATOMIC_RELEASE);
}

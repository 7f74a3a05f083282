// SPDX-License-Identifier: Apache-2.0
/* A worker's own memory; see memory.h.  An access is a work unit, as is a row of a product. */
#include "steps/memory.h"

#include <errno.h>
#include <sys/mman.h>

/* Between two readings of the clock: some microseconds where the caches are missed. */
#define ACCESSES 256
/* The same for products, which are made of many accesses that the caches foresee. */
#define PRODUCTS 8192

int memory_reserve(struct worker *w, int64_t kib)
{
	w->memory_size = (size_t)kib * 1024;
	w->memory = mmap(NULL, w->memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	return w->memory == MAP_FAILED ? -errno : 0;
}

void memory_touch(char *memory, size_t size)
{
	for (size_t at = 0; at < size; at += MEMORY_PAGE)
		((volatile char *)memory)[at] = 1;
}

int memory_map(struct worker *w, int64_t kib)
{
	int error = memory_reserve(w, kib);

	if (!error)
		memory_touch(w->memory, w->memory_size);
	return error;
}

int memory_map_matrices(struct worker *w, int64_t kib)
{
	return w->member ? memory_map(w, kib) : 0;
}

void memory_walk(struct worker *w, uint64_t count, uint64_t stride)
{
	volatile unsigned char *memory = (volatile unsigned char *)w->memory;

	while (count && !loop_stopped(w)) {
		uint64_t some = count < ACCESSES ? count : ACCESSES;

		for (uint64_t i = 0; i < some; i++) {
			if (w->cursor >= w->memory_size)
				w->cursor = 0;
			memory[w->cursor]++;
			w->cursor += stride;
		}
		count -= some;
		loop_worked(w, some);
	}
}

void memory_pass(struct worker *w, uint64_t stride)
{
	w->cursor = 0;
	memory_walk(w, (w->memory_size + stride - 1) / stride, stride);
}

static size_t square_root(size_t value)
{
	size_t root = 0;

	while ((root + 1) * (root + 1) <= value)
		root++;
	return root;
}

void memory_multiply(struct worker *w)
{
	size_t n = square_root(w->memory_size / 3 / sizeof(uint64_t));
	uint64_t *a = (uint64_t *)w->memory, *b = a + n * n, *c = b + n * n;

	for (size_t row = 0, unread = 0; row < n; row++) {
		for (size_t column = 0; column < n; column++, unread += n) {
			uint64_t sum = 0;

			/* a row of a large matrix takes longer than a gap may be */
			if (unread >= PRODUCTS) {
				loop_tick(w);
				unread = 0;
			}
			if (loop_stopped(w))
				return;

			for (size_t k = 0; k < n; k++)
				sum += a[row * n + k] * b[k * n + column];
			c[row * n + column] = sum;
		}
		w->m.work_units++;
		loop_tick(w);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log-bucketed histogram of nanoseconds, twin of ktstr/model/histogram.py: exact below 16, then
 * 16 linear sub-buckets for each power of two (HdrHistogram's idea).
 */
#ifndef KTSTR_WORKER_HISTOGRAM_H
#define KTSTR_WORKER_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 4
#define HISTOGRAM_SUBS (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUBS)

struct histogram {
	uint64_t count;
	uint64_t total;
	uint64_t maximum;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* The index of the bucket that counts @value. */
static inline unsigned int histogram_bucket(uint64_t value)
{
	unsigned int shift;

	if (value < HISTOGRAM_SUBS)
		return (unsigned int)value;
	shift = 63 - (unsigned int)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
	return (shift + 1) * HISTOGRAM_SUBS + (unsigned int)(value >> shift) - HISTOGRAM_SUBS;
}

static inline void histogram_add_many(struct histogram *h, uint64_t value, uint64_t times)
{
	h->buckets[histogram_bucket(value)] += times;
	h->count += times;
	h->total += value * times;
	if (value > h->maximum)
		h->maximum = value;
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
	histogram_add_many(h, value, 1);
}

#endif

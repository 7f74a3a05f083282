/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted of a worker.  Each counter only rises; a life and a phase of it have what was
 * added between two readings.  The report has them by these names, which `Measured` of
 * ktstr/model/facts.py repeats, and result.proto.  -1: the kernel does not say.
 */
#ifndef KTSTR_WORKER_COUNTS_H
#define KTSTR_WORKER_COUNTS_H

#include <stdint.h>

/* The CPU time and the last four, which the kernel counts, are those of the last reading. */
#define COUNTS(counter)                                                                            \
	counter(cpu_ns);                                                                           \
	counter(work_units);                                                                       \
	counter(iterations);                                                                       \
	counter(migrations);                                                                       \
	counter(kernel_migrations);                                                                \
	counter(run_delay_ns);                                                                     \
	counter(run_count);                                                                        \
	counter(numa_pages_migrated)

#define COUNTS_FIELD(name) int64_t name

struct counts {
	COUNTS(COUNTS_FIELD);
};

static inline struct counts counts_since(const struct counts *now, const struct counts *before)
{
	struct counts since;

#define COUNTS_SINCE(name)                                                                         \
	since.name = now->name < 0 || before->name < 0 ? -1 : now->name - before->name
	COUNTS(COUNTS_SINCE);
#undef COUNTS_SINCE
	return since;
}

#endif

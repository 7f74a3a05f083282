/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that the agent shares with the workers of one group; its twin is
 * ktstr/guest/workers/shared.py.
 *
 * A header of 4096 bytes, then a slot of 64 bytes for each worker.  The agent reads slots while the
 * workers run, so that a worker which never comes back still leaves what it had done.
 */
#ifndef KTSTR_WORKER_SHARED_H
#define KTSTR_WORKER_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

#define SHARED_BORDERS 252

/* From this moment on the scenario is in @step; -1: between steps. */
struct shared_border {
	uint64_t at_ns; /* CLOCK_MONOTONIC */
	int32_t step;
	uint32_t reserved;
};

struct shared_header {
	_Atomic uint32_t stop;
	_Atomic uint32_t borders_set; /* raised after the border it counts in is written */
	uint32_t reserved[14];
	struct shared_border borders[SHARED_BORDERS];
};

struct shared_slot {
	_Atomic uint64_t iterations;
	_Atomic uint64_t work_units;
	_Atomic uint64_t beat_ns; /* CLOCK_MONOTONIC at the last clock read; 0 before the first */
	_Atomic uint64_t max_gap_ns;
	_Atomic uint64_t wake_ns; /* when another worker last began to wake this one */
	_Atomic uint32_t turn;	  /* for the work type: the group's is that of its first worker */
	_Atomic uint32_t cpu;
	_Atomic uint64_t start_ns; /* when the agent told this worker to begin */
	_Atomic uint32_t tid;	   /* of this worker; 0 before it ran */
	_Atomic uint32_t state;	   /* whether it waits: team.c */
};

_Static_assert(sizeof(struct shared_header) == 4096, "twin: ktstr/guest/workers/shared.py");
_Static_assert(sizeof(struct shared_slot) == 64, "twin: ktstr/guest/workers/shared.py");

#endif

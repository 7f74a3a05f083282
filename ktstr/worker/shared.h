/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that the agent shares with the workers of one group; ktstr/guest/shared.py is its twin.
 *
 * A header of 64 bytes, then a slot of 64 bytes for each worker.  The agent reads slots while the
 * workers run, so that a worker which never comes back still leaves what it had done.
 */
#ifndef KTSTR_WORKER_SHARED_H
#define KTSTR_WORKER_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

struct shared_header {
	_Atomic uint32_t stop;
	uint32_t reserved[15];
};

struct shared_slot {
	_Atomic uint64_t iterations;
	_Atomic uint64_t work_units;
	_Atomic uint64_t beat_ns; /* CLOCK_MONOTONIC at the last clock read; 0 before the first */
	_Atomic uint64_t max_gap_ns;
	_Atomic uint64_t wake_ns; /* when this worker last began to wake its partner */
	_Atomic uint32_t turn;	  /* the futex word of a pair, in the slot of its first worker */
	_Atomic uint32_t cpu;
	_Atomic uint64_t start_ns; /* when the agent told this worker to begin */
	uint64_t reserved;
};

_Static_assert(sizeof(struct shared_header) == 64, "twin: ktstr/guest/shared.py");
_Static_assert(sizeof(struct shared_slot) == 64, "twin: ktstr/guest/shared.py");

#endif

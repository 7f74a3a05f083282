/* SPDX-License-Identifier: Apache-2.0 */
/* One worker: what it was asked to be, what it measures, and the steps that work types share. */
#ifndef KTSTR_WORKER_WORKER_H
#define KTSTR_WORKER_WORKER_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "counts.h"
#include "histogram.h"
#include "options/options.h"
#include "shared.h"
#include "work_type.h"

#define WORKER_MAX_CPUS 1024
#define WORKER_MAX_NODES 64
#define WORKER_MAX_ERRORS 8
#define WORKER_ERROR_SIZE 160

/* Of the whole life.  Times are CLOCK_MONOTONIC in nanoseconds. */
struct life {
	uint64_t started_ns;
	uint64_t ended_ns;
	uint64_t max_gap_ns;
	uint64_t max_gap_at_ns;
	unsigned int max_gap_cpu;
	uint64_t samples;
	uint64_t ran_on[WORKER_MAX_CPUS];
	uint64_t node_pages[WORKER_MAX_NODES];
};

#define PHASE_BETWEEN_STEPS (-1)

/* What was measured since the last border. */
struct phase {
	int32_t step;
	uint64_t started_ns;
	uint64_t max_gap_ns;
	struct counts before; /* the worker's at that border */
	const char *class_started;
	struct histogram wake;
	struct histogram io;
	struct histogram gaps;
	struct histogram off_cpu;
	struct histogram run_delay;
};

struct worker {
	struct options opt;
	int64_t params[WORKER_MAX_PARAMS]; /* of its type: PARAM() */
	struct counts m;
	struct life life;
	struct phase phase;
	uint32_t borders_seen;
	uint64_t unread_spins;	/* since the last clock reading */
	uint64_t spins_to_read; /* after how many the clock is to be read */
	uint64_t begun_cpu_ns;	/* when its type began to prepare */
	struct counts first;	/* when it began */
	int64_t told_delay_ns;	/* what the kernel said last, at counted_ns */
	int64_t told_run_count;
	uint64_t counted_ns;
	/* of ktstr/model/wire/witness.py, SchedClass; "" where the kernel does not say */
	const char *sched_class;
	int schedstat_fd;
	FILE *report;
	struct shared_header *header;
	struct shared_slot *self;
	struct shared_slot *group; /* the slots of this worker's group */
	unsigned int member;	   /* which of the group it is */
	void *area;		/* of the type, behind the slots: the groups' one after another */
	uint64_t waiting_since; /* when it last announced that it waits: steps/team.h */
	uint64_t last_ns;
	unsigned int last_cpu;
	uint64_t phase_ns; /* for the work type's own use */
	int fd;		   /* for the work type's own use */
	int node;	   /* for the work type's own use */
	void *own;	   /* for the work type's own use */
	char *block;	   /* of block_size bytes, aligned for O_DIRECT: steps/io.h */
	size_t block_size;
	char *memory; /* of memory_size bytes: steps/memory.h */
	size_t memory_size;
	uint64_t cursor;  /* where it is in its memory, or for the work type's own use */
	uint64_t random;  /* the state of steps/random.h */
	bool finished;	  /* nothing left to do: the partner went or a call failed */
	sigset_t waiting; /* the signal mask while blocked: stop signals get through */
	char errors[WORKER_MAX_ERRORS][WORKER_ERROR_SIZE];
	unsigned int error_count;
	char effective[WORKER_ERROR_SIZE * 6];
	int exit_status;
};

/* place/place.c: affinity, policy, memory, identity; what the kernel refuses goes to errors, what
 * it made of the rest to effective.
 */
void place_worker(struct worker *w);
void worker_error(struct worker *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* kernelstat.c: what the kernel counted for this task, and the class that it is in. */
void kernelstat_read(struct worker *w, struct counts *now);
void kernelstat_read_delays(struct worker *w, struct counts *now); /* run delay and count alone */
void kernelstat_read_nodes(uint64_t *pages); /* adds to WORKER_MAX_NODES counts of 4 KiB pages */

/* phase.c: prepare before the worker is told to begin, so that its first wait counts. */
void phase_prepare(struct worker *w);
uint64_t phase_cpu_now(void);	     /* CPU time of this task */
void phase_placed(struct worker *w); /* it is in the class that it was asked to be in */
void phase_begin(struct worker *w, uint64_t at_ns);
void phase_end(struct worker *w, uint64_t at_ns);

/* Accounts for @elapsed_ns between two clock readings, all of it in the phase of now. */
void phase_account(struct worker *w, uint64_t elapsed_ns, bool blocked);

/* Reads what the kernel counted if that is some time ago. */
void phase_count(struct worker *w, uint64_t now_ns);

/* Whether the scenario has gone on to another phase. */
static inline bool phase_is_over(const struct worker *w)
{
	return atomic_load_explicit(&w->header->borders_set, memory_order_acquire) !=
	       w->borders_seen;
}

/* Ends the phases that are over, the time since @last_ns included; returns the last border. */
uint64_t phase_cross_borders(struct worker *w, uint64_t last_ns, uint64_t now_ns, bool blocked);

/* loop.c */
void loop_install_signals(struct worker *w);
void loop_begin(struct worker *w); /* once told to, and placed: before the type prepares */
void loop_run(struct worker *w);
bool loop_stopped(const struct worker *w);

/* Reads the clock and the CPU, and accounts for the time since the last reading.  Returns now. */
uint64_t loop_tick(struct worker *w);

/* The same after blocking on purpose: the time since the last reading is no gap. */
uint64_t loop_resume(struct worker *w);

/*
 * Goes on after another worker's wake-up.  Its latency, from the stamp that the other left in this
 * worker's slot to now, counts only if this worker was already waiting, since @waiting_since, when
 * the other took the stamp.
 */
void loop_woken(struct worker *w, uint64_t waiting_since);

/* Spins @count iterations; the clock is read every 25 to 75 us, not at the end of each call. */
void loop_spin(struct worker *w, uint64_t count);

/* Counts @units of work of a loop that is no spin, and reads the clock if it is time. */
void loop_worked(struct worker *w, uint64_t units);

/* Spins until the clock shows @deadline_ns or a stop; a work unit is one iteration. */
void loop_spin_until(struct worker *w, uint64_t deadline_ns);

/* Sleeps until @deadline_ns or a stop, and records how late it ran. */
void loop_sleep_until(struct worker *w, uint64_t deadline_ns);

/* Goes on after an I/O that began at @before_ns, and records how long it took. */
void loop_io_done(struct worker *w, uint64_t before_ns);

uint64_t loop_now(void);

/* report.c: lines of JSON in report_fd.  false: nothing can be written. */
bool report_open(struct worker *w);
void report_phase(struct worker *w, uint64_t ended_ns);
bool report_write(struct worker *w);

/* types.c: by the name of its class in ktstr/model/work; NULL if there is none. */
const struct work_type *work_type_by_name(const char *name);

/* types.c: a line NAME:GROUP_SIZE:PARAMS:TEXTS for each. */
void work_types_print(FILE *out);

/* options/params.c: takes the parameters of the type; false and a message on stderr if one is
 * missing, unknown or no number.
 */
bool params_take(struct worker *w);
const char *params_text(const struct worker *w, const char *name); /* one of its `texts` */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* One worker: what it was asked to be, what it measures, and the steps that work types share. */
#ifndef KTSTR_WORKER_WORKER_H
#define KTSTR_WORKER_WORKER_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "histogram.h"
#include "shared.h"

#define WORKER_MAX_CPUS 1024
#define WORKER_MAX_NODES 64
#define WORKER_MAX_ERRORS 8
#define WORKER_ERROR_SIZE 160
#define WORKER_PATH_SIZE 256

struct worker;

/* A work type: one file each.  @step is one outer iteration; it must return soon after a stop. */
struct work_type {
	const char *name;
	unsigned int group_size;
	int (*prepare)(struct worker *w); /* optional; a negative errno ends the worker */
	void (*step)(struct worker *w);
};

/* What the command line says; see options.c for the keys. */
struct options {
	const struct work_type *type;
	char name[16];
	int policy;
	int rt_priority;
	int nice;
	bool has_affinity;
	cpu_set_t affinity;
	int start_fd;
	int report_fd;
	int shared_fd;
	int in_fd;
	int out_fd;
	unsigned int slot;
	unsigned int slots;
	pid_t parent;
	uint64_t spin;
	uint64_t burst_ns;
	uint64_t sleep_ns;
	char file[WORKER_PATH_SIZE];
	char device[WORKER_PATH_SIZE];
	size_t block_size;
	unsigned int blocks;
};

/* What the kernel counted for this task; -1 where it does not say. */
struct kernelstat {
	int64_t run_delay_ns;
	int64_t run_count;
	int64_t migrations;
};

/* The whole life.  Times are CLOCK_MONOTONIC in nanoseconds. */
struct measured {
	uint64_t started_ns;
	uint64_t ended_ns;
	uint64_t cpu_ns;
	uint64_t work_units;
	uint64_t iterations;
	uint64_t max_gap_ns;
	uint64_t max_gap_at_ns;
	unsigned int max_gap_cpu;
	uint64_t migrations;
	uint64_t samples;
	uint64_t ran_on[WORKER_MAX_CPUS];
	uint64_t node_pages[WORKER_MAX_NODES];
	struct kernelstat counted;
};

#define PHASE_BETWEEN_STEPS (-1)

/* What was measured since the last border; counts are those of the life at that border. */
struct phase {
	int32_t step;
	uint64_t started_ns;
	uint64_t cpu_ns;
	uint64_t work_units;
	uint64_t iterations;
	uint64_t migrations;
	uint64_t max_gap_ns;
	struct kernelstat counted;
	struct histogram wake;
	struct histogram io;
	struct histogram gaps;
	struct histogram off_cpu;
	struct histogram run_delay;
};

struct worker {
	struct options opt;
	struct measured m;
	struct phase phase;
	uint32_t borders_seen;
	uint64_t unread_spins;	 /* since the last clock reading */
	uint64_t spins_to_read;	 /* after how many the clock is to be read */
	uint64_t cpu_ns;	 /* of this task at the last border */
	uint64_t first_cpu_ns;	 /* when it began */
	uint64_t begun_cpu_ns;	 /* when its type began to prepare */
	struct kernelstat first; /* when it began */
	struct kernelstat last_counted;
	uint64_t counted_ns; /* when last_counted was read */
	int schedstat_fd;
	FILE *report;
	struct shared_header *header;
	struct shared_slot *self;
	struct shared_slot *pair; /* slots of this worker's pair: [0] and [1] */
	unsigned int side;	  /* 0 or 1 in the pair */
	uint64_t last_ns;
	unsigned int last_cpu;
	uint64_t phase_ns; /* for the work type's own use */
	int fd;		   /* for the work type's own use */
	char *block;	   /* a block of opt.block_size bytes, aligned for O_DIRECT */
	uint64_t random;   /* the state of the work type's random numbers */
	bool finished;	   /* nothing left to do: the partner went or a call failed */
	sigset_t waiting;  /* the signal mask while blocked: stop signals get through */
	char errors[WORKER_MAX_ERRORS][WORKER_ERROR_SIZE];
	unsigned int error_count;
	char effective[WORKER_ERROR_SIZE * 4];
};

/* options.c: false and a message on stderr if the command line is wrong. */
bool options_parse(struct options *opt, int argc, char **argv);

/* place.c: affinity, policy, nice; what the kernel refuses goes to errors, the rest to effective.
 */
void place_worker(struct worker *w);
void worker_error(struct worker *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* kernelstat.c: what the kernel counted for this task. */
void kernelstat_read(struct worker *w, struct kernelstat *now);
void kernelstat_read_delays(struct worker *w, struct kernelstat *now); /* but not migrations */
int64_t kernelstat_since(int64_t now, int64_t before);		       /* -1 if either is unknown */
void kernelstat_read_nodes(uint64_t *pages); /* adds to WORKER_MAX_NODES counts of 4 KiB pages */

/* phase.c: prepare before the worker is told to begin, so that its first wait counts. */
void phase_prepare(struct worker *w);
uint64_t phase_cpu_now(void); /* CPU time of this task */
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
 * Goes on after the partner's wake-up.  Its latency, from the partner's stamp to now, counts only
 * if this worker was already waiting, since @waiting_since, when the partner took the stamp.
 */
void loop_woken(struct worker *w, uint64_t waiting_since);

/* Spins @count iterations; the clock is read every 25 to 75 us, not at the end of each call. */
void loop_spin(struct worker *w, uint64_t count);

/* Spins until the clock shows @deadline_ns or a stop; a work unit is one iteration. */
void loop_spin_until(struct worker *w, uint64_t deadline_ns);

/* Sleeps until @deadline_ns or a stop, and records how late it ran. */
void loop_sleep_until(struct worker *w, uint64_t deadline_ns);

/* Goes on after an I/O that began at @before_ns, and records how long it took. */
void loop_io_done(struct worker *w, uint64_t before_ns);

uint64_t loop_now(void);

/* disk_io.c: the I/O of IoSyncWrite and IoRandRead, which IoConvoy combines. */
int disk_prepare_write(struct worker *w);
void disk_write_and_sync(struct worker *w);
int disk_prepare_read(struct worker *w);
void disk_read_random(struct worker *w);

/* report.c: lines of JSON in report_fd.  false: nothing can be written. */
bool report_open(struct worker *w);
void report_phase(struct worker *w, uint64_t ended_ns, const struct kernelstat *counted);
bool report_write(struct worker *w);

/* types.c */
const struct work_type *work_type_by_name(const char *name);

extern const struct work_type cpu_spin, yield_heavy, mixed, bursty, pipe_io, futex_ping_pong,
	io_sync, io_sync_write, io_rand_read, io_convoy;

#endif

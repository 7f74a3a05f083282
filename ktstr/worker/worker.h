/* SPDX-License-Identifier: Apache-2.0 */
/* One worker: what it was asked to be, what it measures, and the steps that work types share. */
#ifndef KTSTR_WORKER_WORKER_H
#define KTSTR_WORKER_WORKER_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"
#include "shared.h"

#define WORKER_MAX_CPUS 1024
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

/* Times are CLOCK_MONOTONIC in nanoseconds. */
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
	struct histogram wake;
	struct histogram io;
	int64_t kernel_migrations; /* -1: the kernel does not say */
	int64_t run_delay_ns;
	int64_t run_count;
};

struct worker {
	struct options opt;
	struct measured m;
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

/* kernelstat.c: what the kernel counted for this process; -1 where it does not say. */
void kernelstat_read(int64_t *run_delay_ns, int64_t *run_count, int64_t *migrations);

/* loop.c */
void loop_install_signals(struct worker *w);
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

/* Spins @count iterations, reading the clock at least every 1024. */
void loop_spin(struct worker *w, uint64_t count);

/* Sleeps until @deadline_ns or a stop, and records how late it ran. */
void loop_sleep_until(struct worker *w, uint64_t deadline_ns);

uint64_t loop_now(void);

/* disk_io.c: the I/O of IoSyncWrite and IoRandRead, which IoConvoy combines. */
int disk_prepare_write(struct worker *w);
void disk_write_and_sync(struct worker *w);
int disk_prepare_read(struct worker *w);
void disk_read_random(struct worker *w);

/* report.c: writes the JSON report to report_fd; false if the agent is gone. */
bool report_write(struct worker *w);

/* types.c */
const struct work_type *work_type_by_name(const char *name);

extern const struct work_type cpu_spin, yield_heavy, mixed, bursty, pipe_io, futex_ping_pong,
	io_sync, io_sync_write, io_rand_read, io_convoy;

#endif

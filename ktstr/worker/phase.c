// SPDX-License-Identifier: Apache-2.0
/*
 * A worker's life divided by the scenario's steps.  The agent writes each border into the shared
 * header; the worker finds it at its next clock reading, gives each phase its part of the time
 * since the reading before, and writes the phases that have ended to its report.
 */
#include <string.h>
#include <time.h>

#include "worker.h"

#define NSEC_PER_SEC 1000000000ull
/* A loop that gets a CPU reads its clock much more often: what is longer was waiting. */
#define LONGEST_TURN_NS 1000000
/* One tick at HZ=250: what the kernel counts is read at most that often. */
#define KERNELSTAT_PERIOD_NS 4000000

uint64_t phase_cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static void begin(struct worker *w, int32_t step, uint64_t at_ns)
{
	struct phase *p = &w->phase;

	memset(p, 0, sizeof(*p));
	p->step = step;
	p->started_ns = at_ns;
	p->before = w->m;
	p->class_started = w->sched_class;
}

/* A wait for a CPU may be one of several since the last reading: each counts as their mean. */
static void add_run_delays(struct worker *w, const struct counts *now)
{
	if (now->run_delay_ns >= 0 && w->told_delay_ns >= 0 && now->run_count > w->told_run_count) {
		uint64_t waits = (uint64_t)(now->run_count - w->told_run_count);
		uint64_t waited = (uint64_t)(now->run_delay_ns - w->told_delay_ns);

		histogram_add_many(&w->phase.run_delay, waited / waits, waits);
	}
	w->told_delay_ns = now->run_delay_ns;
	w->told_run_count = now->run_count;
}

static void read_counts(struct worker *w)
{
	kernelstat_read(w, &w->m);
	add_run_delays(w, &w->m);
	w->m.cpu_ns = (int64_t)phase_cpu_now();
}

void phase_prepare(struct worker *w)
{
	w->told_delay_ns = -1;
	read_counts(w);
	w->first = w->m;
}

void phase_placed(struct worker *w)
{
	struct counts now;

	/* for the class that it is in now */
	kernelstat_read(w, &now);
}

void phase_begin(struct worker *w, uint64_t at_ns)
{
	uint32_t set = atomic_load(&w->header->borders_set);
	int32_t step = PHASE_BETWEEN_STEPS;

	for (; w->borders_seen < set; w->borders_seen++) {
		const struct shared_border *border = &w->header->borders[w->borders_seen];

		if (border->at_ns > at_ns)
			break;
		step = border->step;
	}
	w->counted_ns = at_ns;
	begin(w, step, at_ns);
}

void phase_count(struct worker *w, uint64_t now_ns)
{
	struct counts now;

	if (now_ns - w->counted_ns < KERNELSTAT_PERIOD_NS)
		return;
	w->counted_ns = now_ns;
	kernelstat_read_delays(w, &now);
	add_run_delays(w, &now);
}

void phase_account(struct worker *w, uint64_t elapsed_ns, bool blocked)
{
	struct phase *p = &w->phase;

	if (!blocked) {
		histogram_add(&p->gaps, elapsed_ns);
		if (elapsed_ns > p->max_gap_ns)
			p->max_gap_ns = elapsed_ns;
	}
	if (blocked || elapsed_ns > LONGEST_TURN_NS)
		histogram_add(&p->off_cpu, elapsed_ns);
}

uint64_t phase_cross_borders(struct worker *w, uint64_t last_ns, uint64_t now_ns, bool blocked)
{
	uint32_t set = atomic_load(&w->header->borders_set);

	read_counts(w);
	for (; w->borders_seen < set; w->borders_seen++) {
		const struct shared_border *border = &w->header->borders[w->borders_seen];
		/* the worker may have read its clock between the agent's reading and its writing */
		uint64_t at_ns = border->at_ns < last_ns ? last_ns : border->at_ns;

		/* one that was set after this reading is the next one's */
		if (at_ns > now_ns)
			break;
		if (at_ns > last_ns)
			phase_account(w, at_ns - last_ns, blocked);
		report_phase(w, at_ns);
		begin(w, border->step, at_ns);
		last_ns = at_ns;
	}
	return last_ns;
}

void phase_end(struct worker *w, uint64_t at_ns)
{
	read_counts(w);
	report_phase(w, at_ns);
}

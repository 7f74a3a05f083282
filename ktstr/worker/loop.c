// SPDX-License-Identifier: Apache-2.0
/* The loop around every work type: time, CPUs, stopping. */
#include <poll.h>
#include <time.h>

#include "worker.h"

#define SPIN_CHUNK 1024
/* A spin is three instructions, so many spins a turn of the loop. */
#define SPINS_AT_ONCE 16
#define TEXT(macro) TEXT_OF(macro)
#define TEXT_OF(macro) #macro
/* A spinning worker reads its clock about this often: seldom enough to cost nothing. */
#define READ_MIN_NS 25000
#define READ_MAX_NS 75000
#define READ_MAX_SPINS (1u << 20)
/* A reading credits at most this much to its CPU: what is longer was waiting, not running. */
#define MAX_CREDIT_NS 1000000
#define NSEC_PER_SEC 1000000000ull

static volatile sig_atomic_t stop_signal;

static void on_stop(int signal)
{
	(void)signal;
	stop_signal = 1;
}

void loop_install_signals(struct worker *w)
{
	struct sigaction action = {.sa_handler = on_stop};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t stop;

	sigaction(SIGUSR1, &action, NULL); /* no SA_RESTART: a blocked call must return */
	sigaction(SIGPIPE, &ignore, NULL);
	sigemptyset(&w->waiting);
	sigemptyset(&stop);
	sigaddset(&stop, SIGUSR1);
	sigprocmask(SIG_SETMASK, &stop, NULL);
}

bool loop_stopped(const struct worker *w)
{
	return stop_signal || w->finished ||
	       atomic_load_explicit(&w->header->stop, memory_order_relaxed);
}

uint64_t loop_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static uint64_t sample(struct worker *w, bool blocked)
{
	uint64_t now = loop_now(), gap = now - w->last_ns;
	unsigned int cpu = (unsigned int)sched_getcpu() % WORKER_MAX_CPUS;
	struct counts *m = &w->m;
	struct life *life = &w->life;

	if (!blocked && gap > life->max_gap_ns) {
		life->max_gap_ns = gap;
		life->max_gap_at_ns = now;
		life->max_gap_cpu = cpu;
		atomic_store_explicit(&w->self->max_gap_ns, gap, memory_order_relaxed);
	}
	if (cpu != w->last_cpu)
		m->migrations++;
	/* a CPU that was seen at all must show: at least 1 ns */
	life->ran_on[cpu] += blocked || !gap ? 1 : gap > MAX_CREDIT_NS ? MAX_CREDIT_NS : gap;
	life->samples++;
	if (phase_is_over(w)) {
		uint64_t before_ns = phase_cpu_now();

		phase_account(w, now - phase_cross_borders(w, w->last_ns, now, blocked), blocked);
		/* of the time to turn the page only what it had to wait is a gap */
		now += phase_cpu_now() - before_ns;
	} else {
		phase_account(w, gap, blocked);
		phase_count(w, now);
	}
	w->last_ns = now;
	w->last_cpu = cpu;
	w->unread_spins = 0;
	atomic_store_explicit(&w->self->beat_ns, now, memory_order_relaxed);
	atomic_store_explicit(&w->self->work_units, (uint64_t)m->work_units, memory_order_relaxed);
	atomic_store_explicit(&w->self->cpu, cpu, memory_order_relaxed);
	return now;
}

uint64_t loop_tick(struct worker *w)
{
	return sample(w, false);
}

uint64_t loop_resume(struct worker *w)
{
	return sample(w, true);
}

void loop_woken(struct worker *w, uint64_t waiting_since)
{
	uint64_t stamp = atomic_load(&w->self->wake_ns), now;

	if (stamp <= waiting_since) {
		loop_tick(w);
		return;
	}
	now = loop_resume(w);
	histogram_add(&w->phase.wake, now > stamp ? now - stamp : 0);
}

static void count_work(struct worker *w, uint64_t units)
{
	w->m.work_units += (int64_t)units;
	w->unread_spins += units;
}

/* Straight code: virtual time goes by with each instruction, and TCG runs none for a nop. */
static void spin(struct worker *w, uint64_t count)
{
	uint64_t left = count;

	for (; left >= SPINS_AT_ONCE; left -= SPINS_AT_ONCE)
		__asm__ volatile(".rept 3 * " TEXT(SPINS_AT_ONCE) " - 2\n\tnop\n\t.endr" ::
					 : "memory");
	for (; left; left--)
		__asm__ volatile("nop" ::: "memory");
	count_work(w, count);
}

/* Finds out how many spins take the time between two readings, on this machine and by now. */
static void read_after_spins(struct worker *w)
{
	uint64_t before = w->last_ns, took = loop_tick(w) - before;

	if (took < READ_MIN_NS && w->spins_to_read < READ_MAX_SPINS)
		w->spins_to_read *= 2;
	else if (took > READ_MAX_NS && w->spins_to_read > SPIN_CHUNK)
		w->spins_to_read /= 2;
}

void loop_worked(struct worker *w, uint64_t units)
{
	count_work(w, units);
	if (w->unread_spins >= w->spins_to_read)
		read_after_spins(w);
}

void loop_spin(struct worker *w, uint64_t count)
{
	while (count && !loop_stopped(w)) {
		uint64_t chunk = count < SPIN_CHUNK ? count : SPIN_CHUNK;

		spin(w, chunk);
		count -= chunk;
		if (w->unread_spins >= w->spins_to_read)
			read_after_spins(w);
	}
}

void loop_spin_until(struct worker *w, uint64_t deadline_ns)
{
	while (w->last_ns < deadline_ns && !loop_stopped(w)) {
		spin(w, SPIN_CHUNK);
		loop_tick(w);
	}
}

void loop_io_done(struct worker *w, uint64_t before_ns)
{
	histogram_add(&w->phase.io, loop_resume(w) - before_ns);
}

void loop_sleep_until(struct worker *w, uint64_t deadline_ns)
{
	uint64_t now = loop_tick(w);

	if (now >= deadline_ns)
		return; /* who did not sleep is not woken */
	while (now < deadline_ns) {
		struct timespec left = {
			.tv_sec = (time_t)((deadline_ns - now) / NSEC_PER_SEC),
			.tv_nsec = (long)((deadline_ns - now) % NSEC_PER_SEC),
		};

		/* the mask lets the stop signal through only here: no stop can slip past */
		if (ppoll(NULL, 0, &left, &w->waiting) < 0 && loop_stopped(w)) {
			loop_resume(w);
			return;
		}
		now = loop_resume(w);
	}
	histogram_add(&w->phase.wake, now - deadline_ns);
}

void loop_begin(struct worker *w)
{
	struct life *life = &w->life;

	/* the wait for the first turn on a CPU is part of the worker's life, and may be its gap */
	life->started_ns = w->last_ns = atomic_load(&w->self->start_ns);
	phase_begin(w, life->started_ns);
	w->spins_to_read = SPIN_CHUNK;
	w->last_cpu = (unsigned int)sched_getcpu() % WORKER_MAX_CPUS;
	life->max_gap_cpu = w->last_cpu;
	loop_tick(w);
	w->begun_cpu_ns = phase_cpu_now();
}

void loop_run(struct worker *w)
{
	struct counts *m = &w->m;
	struct life *life = &w->life;

	/* of the type's preparation only what it had to wait is a gap */
	w->last_ns += phase_cpu_now() - w->begun_cpu_ns;
	loop_tick(w);
	while (!loop_stopped(w)) {
		w->opt.type->step(w);
		m->iterations++;
		atomic_store_explicit(&w->self->iterations, (uint64_t)m->iterations,
				      memory_order_relaxed);
	}
	life->ended_ns = loop_tick(w);
	phase_end(w, life->ended_ns);
	kernelstat_read_nodes(life->node_pages);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * RtApp: a task of an rt-app workload (doc/tutorial.txt of rt-app): phases of events, each phase so
 * many times, all of them so many times.  Tasks of a group share mutexes, condition variables,
 * barriers and timers.  It stresses what a scheduler makes of periodic tasks that depend on each
 * other.  Wake latency counts from timers, ends of sleeps, and the clock of who woke.
 *
 * Its program is a list of OP:NUMBER:NUMBER:NUMBER, which ktstr/scenarios/rt_app writes; times are
 * in microseconds, sizes in bytes, and resources are numbers of the group's area: task:DELAY:LOOP
 * phase:LOOP  affinity:CPUS (0-1+3)  policy:NAME:PRIORITY:NICE deadline:RUNTIME:DEADLINE:PERIOD
 * run:T  runtime:T  sleep:T  mem:SIZE  iorun:SIZE timer:RESOURCE:PERIOD:ABSOLUTE
 * unique:LOCAL:PERIOD:ABSOLUTE  lock:R  unlock:R  wait:R:MUTEX signal:R  broad:R  sync:R:MUTEX
 * barrier:R:USERS  suspend:R  resume:R  yield
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "steps/rt_program.h"
#include "steps/rt_resources.h"
#include "steps/team.h"

PARAMS(resources, buffer_bytes, cumulative_slack);

#define NS_PER_US 1000
#define MOST_LOCAL_TIMERS 64
/* A run is so many spins at a time, and few near its end. */
#define SPINS 8192
#define LAST_SPINS 1024
#define LAST_NS 50000

/* What rt-app logs of each turn of a phase, summed; nanoseconds. */
struct sums {
	int64_t turns;
	int64_t run, c_run, period, c_period;
	int64_t timers, slack, slack_min, slack_missed;
	int64_t wakes, wu_lat, wu_lat_max;
};

struct rt_task {
	struct rt_program program;
	size_t at;	      /* the phase that it is in */
	int64_t turns, loops; /* done of that phase, and of the task */
	bool delayed;
	uint64_t first_ns; /* what timers begin at */
	uint64_t local_timers[MOST_LOCAL_TIMERS];
	struct {
		int64_t run, c_run, c_period, slack;
		bool has_timer;
	} turn; /* that goes on */
	struct sums sums;
	int sink; /* /dev/null */
};

static struct rt_resource *resource(struct worker *w, int64_t number)
{
	return rt_area(w, PARAM(w, resources)) + number;
}

static void spun(struct worker *w, uint64_t began_ns, int64_t asked_us)
{
	struct rt_task *task = w->own;

	task->turn.run += (int64_t)(loop_tick(w) - began_ns);
	task->turn.c_run += asked_us * NS_PER_US;
}

/* So much CPU time: rt-app's loops are calibrated to take it, and all CPUs here are alike. */
static void play_run(struct worker *w, const struct rt_event *event)
{
	uint64_t began_ns = loop_tick(w), now = phase_cpu_now();
	uint64_t until = now + (uint64_t)event->a * NS_PER_US;

	while (now < until && !loop_stopped(w)) {
		loop_spin(w, until - now > LAST_NS ? SPINS : LAST_SPINS);
		now = phase_cpu_now();
	}
	spun(w, began_ns, event->a);
}

static void play_runtime(struct worker *w, const struct rt_event *event)
{
	uint64_t began_ns = loop_tick(w);

	loop_spin_until(w, began_ns + (uint64_t)event->a * NS_PER_US);
	spun(w, began_ns, event->a);
}

static void play_sleep(struct worker *w, const struct rt_event *event)
{
	loop_sleep_until(w, loop_tick(w) + (uint64_t)event->a * NS_PER_US);
}

static void play_mem(struct worker *w, const struct rt_event *event)
{
	for (int64_t left = event->a; left > 0 && !loop_stopped(w);
	     left -= (int64_t)w->block_size) {
		memset(w->block, (int)left,
		       left < (int64_t)w->block_size ? (size_t)left : w->block_size);
		loop_tick(w);
	}
}

static void play_iorun(struct worker *w, const struct rt_event *event)
{
	const struct rt_task *task = w->own;

	for (int64_t left = event->a; left > 0 && !loop_stopped(w);) {
		ssize_t done = write(task->sink, w->block,
				     left < (int64_t)w->block_size ? (size_t)left : w->block_size);

		if (done <= 0) {
			worker_error(w, "iorun: %s", strerror(errno));
			return;
		}
		left -= done;
		loop_tick(w);
	}
}

/* A timer's next moment is a period after the last one, or, if relative and missed, after now. */
static uint64_t timer_wait(struct worker *w, uint64_t last_ns, const struct rt_event *event)
{
	struct rt_task *task = w->own;
	struct sums *sums = &task->sums;
	uint64_t next = (last_ns ? last_ns : task->first_ns) + (uint64_t)event->b * NS_PER_US;
	uint64_t now = loop_tick(w);
	int64_t slack = (int64_t)(next - now), late;

	task->turn.c_period += event->b * NS_PER_US;
	task->turn.slack = slack + (PARAM(w, cumulative_slack) ? task->turn.slack : 0);
	task->turn.has_timer = true;
	if (slack <= 0)
		return event->c ? next : now;
	loop_sleep_until(w, next);
	late = (int64_t)(w->last_ns - next);
	if (loop_stopped(w))
		return next;
	sums->wakes++;
	sums->wu_lat += late;
	if (late > sums->wu_lat_max)
		sums->wu_lat_max = late;
	return next;
}

static void play_timer(struct worker *w, const struct rt_event *event)
{
	_Atomic uint64_t *at = &resource(w, event->a)->at_ns;

	atomic_store(at, timer_wait(w, atomic_load(at), event));
}

static void play_unique(struct worker *w, const struct rt_event *event)
{
	uint64_t *at = &((struct rt_task *)w->own)->local_timers[event->a];

	*at = timer_wait(w, *at, event);
}

static void play_lock(struct worker *w, const struct rt_event *event)
{
	rt_lock(w, resource(w, event->a), (uint32_t)event->a);
}

static void play_unlock(struct worker *w, const struct rt_event *event)
{
	rt_unlock(w, resource(w, event->a), (uint32_t)event->a);
}

static void play_wait(struct worker *w, const struct rt_event *event)
{
	rt_wait(w, (uint32_t)event->a, resource(w, event->b), (uint32_t)event->b);
}

static void play_signal(struct worker *w, const struct rt_event *event)
{
	rt_signal(w, (uint32_t)event->a);
}

static void play_broad(struct worker *w, const struct rt_event *event)
{
	rt_broadcast(w, (uint32_t)event->a);
}

static void play_sync(struct worker *w, const struct rt_event *event)
{
	struct rt_resource *mutex = resource(w, event->b);

	if (!rt_lock(w, mutex, (uint32_t)event->b))
		return;
	rt_signal(w, (uint32_t)event->a);
	if (rt_wait(w, (uint32_t)event->a, mutex, (uint32_t)event->b))
		rt_unlock(w, mutex, (uint32_t)event->b);
}

static void play_barrier(struct worker *w, const struct rt_event *event)
{
	rt_barrier(w, resource(w, event->a), (uint32_t)event->a, (uint32_t)event->b);
}

static void play_suspend(struct worker *w, const struct rt_event *event)
{
	rt_suspend(w, (uint32_t)event->a);
}

static void play_yield(struct worker *w, const struct rt_event *event)
{
	(void)event;
	sched_yield();
	loop_tick(w);
}

static void play_affinity(struct worker *w, const struct rt_event *event)
{
	rt_set_affinity(w, event->text);
}

static void play_policy(struct worker *w, const struct rt_event *event)
{
	rt_set_policy(w, event->text, event->b, event->c);
}

static void play_deadline(struct worker *w, const struct rt_event *event)
{
	rt_set_deadline(w, event->a, event->b, event->c);
}

static const struct rt_op OPS[] = {
	{"affinity", play_affinity, true}, {"policy", play_policy, true},
	{"deadline", play_deadline, true}, {.name = "run", play_run},
	{.name = "runtime", play_runtime}, {.name = "sleep", play_sleep},
	{.name = "mem", play_mem},	   {.name = "iorun", play_iorun},
	{.name = "timer", play_timer},	   {.name = "unique", play_unique},
	{.name = "lock", play_lock},	   {.name = "unlock", play_unlock},
	{.name = "wait", play_wait},	   {.name = "signal", play_signal},
	{.name = "broad", play_broad},	   {.name = "sync", play_sync},
	{.name = "barrier", play_barrier}, {.name = "suspend", play_suspend},
	{.name = "resume", play_broad},	   {.name = "yield", play_yield},
};

static int prepare(struct worker *w)
{
	struct rt_task *task = calloc(1, sizeof(*task));

	if (!task)
		return -ENOMEM;
	w->own = task;
	task->sums.slack_min = INT64_MAX;
	task->sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
	w->block_size = (size_t)PARAM(w, buffer_bytes);
	w->block = malloc(w->block_size);
	if (task->sink < 0 || !w->block)
		return -errno;
	return rt_program_read(&task->program, params_text(w, "program"), OPS,
			       sizeof(OPS) / sizeof(OPS[0]));
}

static void end_turn(struct worker *w, uint64_t began_ns)
{
	struct rt_task *task = w->own;
	struct sums *sums = &task->sums;

	sums->turns++;
	sums->period += (int64_t)(w->last_ns - began_ns);
	sums->run += task->turn.run;
	sums->c_run += task->turn.c_run;
	sums->c_period += task->turn.c_period;
	if (!task->turn.has_timer)
		return;
	sums->timers++;
	sums->slack += task->turn.slack;
	sums->slack_missed += task->turn.slack < 0;
	if (task->turn.slack < sums->slack_min)
		sums->slack_min = task->turn.slack;
}

/* Goes on to the next phase where this one has had its turns, and ends where all is done. */
static void advance(struct worker *w)
{
	struct rt_task *task = w->own;
	int64_t loop = task->program.phases[task->at].loop;

	task->turns++;
	if (loop < 0 || task->turns < loop)
		return;
	task->turns = 0;
	if (++task->at < task->program.phase_count)
		return;
	task->at = 0;
	task->loops++;
	if (task->program.loop >= 0 && task->loops >= task->program.loop)
		w->finished = true;
}

/* One turn of a phase. */
static void step(struct worker *w)
{
	struct rt_task *task = w->own;
	const struct rt_program *program = &task->program;
	const struct rt_phase *phase = &program->phases[task->at];
	uint64_t began_ns;

	if (!task->delayed) {
		task->delayed = true;
		if (program->delay_us)
			loop_sleep_until(w, loop_tick(w) + (uint64_t)program->delay_us * NS_PER_US);
		task->first_ns = loop_tick(w);
	}
	began_ns = loop_tick(w);
	memset(&task->turn, 0, sizeof(task->turn));
	for (size_t i = phase->first; i < phase->end && !loop_stopped(w); i++) {
		const struct rt_event *event = &program->events[i];

		if (event->op->sets && task->turns)
			continue;
		w->m.work_units++; /* who waits for others has worked, too */
		event->op->play(w, event);
	}
	/* a turn that the stop has cut says nothing */
	if (!loop_stopped(w))
		end_turn(w, began_ns);
	advance(w);
}

static void report(const struct worker *w, FILE *out)
{
	const struct rt_task *task = w->own;
	const struct sums *sums = &task->sums;

	fprintf(out, "\"turns\":%" PRId64 ",\"run_ns\":%" PRId64 ",\"c_run_ns\":%" PRId64,
		sums->turns, sums->run, sums->c_run);
	fprintf(out, ",\"period_ns\":%" PRId64 ",\"c_period_ns\":%" PRId64, sums->period,
		sums->c_period);
	if (sums->timers)
		fprintf(out,
			",\"timers\":%" PRId64 ",\"slack_ns\":%" PRId64 ",\"slack_min_ns\":%" PRId64
			",\"slack_missed\":%" PRId64,
			sums->timers, sums->slack, sums->slack_min, sums->slack_missed);
	if (sums->wakes)
		fprintf(out,
			",\"wakes\":%" PRId64 ",\"wu_lat_ns\":%" PRId64
			",\"wu_lat_max_ns\":%" PRId64,
			sums->wakes, sums->wu_lat, sums->wu_lat_max);
}

WORK_TYPE(RtApp, .params = PARAM_NAMES, .texts = "program", .prepare = prepare, .step = step,
	  .report = report);

// SPDX-License-Identifier: Apache-2.0
/*
 * ktstr-worker: a process of a synthetic workload, driven by the agent (options/options.c: its
 * command line): one worker, or several as its threads.  Each waits for one byte on its start_fd,
 * which gives the agent the time to place the process into a cgroup, then works until the stop flag
 * in the shared memory is set, then writes a JSON report.  The agent sends SIGUSR1 after setting
 * the flag, to wake workers that are blocked.  With the one word `types` it says which types it
 * knows.
 *
 * Exit status: 0 reported; 1 command line wrong; 2 could not begin; 3 never told to begin.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker.h"

static pthread_t main_thread;
static _Atomic unsigned int threads_left;

static bool map_shared(struct worker *w)
{
	const struct options *opt = &w->opt;
	struct shared_slot *slots;
	struct stat memory;

	if (fstat((int)opt->shared_fd, &memory) < 0)
		return false;
	w->header = mmap(NULL, (size_t)memory.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 (int)opt->shared_fd, 0);
	if (w->header == MAP_FAILED)
		return false;
	slots = (struct shared_slot *)(w->header + 1);
	w->self = &slots[opt->slot];
	w->member = (unsigned int)(opt->slot % opt->group);
	w->group = w->self - w->member;
	w->area = &slots[opt->slots];
	return true;
}

static bool await_start(struct worker *w)
{
	struct pollfd start = {.fd = (int)w->opt.start_fd, .events = POLLIN};
	char byte;

	/* a stop comes after the byte, or after the agent closed its end */
	if (ppoll(&start, 1, NULL, &w->waiting) < 0 && errno != EINTR)
		return false;
	if (read(start.fd, &byte, 1) != 1)
		return false;
	close(start.fd);
	return true;
}

static bool prepare(struct worker *w)
{
	int error = w->opt.type->prepare ? w->opt.type->prepare(w) : 0;

	if (error < 0)
		worker_error(w, "%s cannot begin: %s", w->opt.type->name, strerror(-error));
	return error >= 0;
}

/* A worker's life, in the task it is. */
static int live(struct worker *w)
{
	prctl(PR_SET_NAME, w->opt.name[0] ? w->opt.name : "ktstr-worker");
	prctl(PR_SET_TIMERSLACK, 1);
	loop_install_signals(w);
	if (!report_open(w))
		return 2;
	atomic_store(&w->self->tid, (uint32_t)gettid());
	phase_prepare(w);
	if (!await_start(w))
		return 3;
	place_worker(w);
	phase_placed(w);
	loop_begin(w);
	if (prepare(w))
		loop_run(w);
	if (w->opt.type->finish)
		w->opt.type->finish(w);
	return report_write(w) ? 0 : 2;
}

static void *live_as_thread(void *worker)
{
	struct worker *w = worker;

	w->exit_status = live(w);
	atomic_fetch_sub(&threads_left, 1);
	pthread_kill(main_thread, SIGUSR1);
	return NULL;
}

/*
 * Waits until all threads have ended.  The agent's signal reaches one thread of the process, which
 * then ends, or this one: either way it is passed on to the others, each of which may be blocked.
 */
static int run_threads(struct worker *workers, unsigned int count)
{
	pthread_t threads[count];
	sigset_t stop;
	int taken, status = 0;

	main_thread = pthread_self();
	loop_install_signals(&workers[0]);
	sigemptyset(&stop);
	sigaddset(&stop, SIGUSR1);
	atomic_store(&threads_left, count);
	for (unsigned int i = 0; i < count; i++) {
		int error = pthread_create(&threads[i], NULL, live_as_thread, &workers[i]);

		if (error) {
			fprintf(stderr, "ktstr-worker: cannot make thread %u: %s\n", i,
				strerror(error));
			return 2; /* the others end with the process */
		}
	}
	while (atomic_load(&threads_left)) {
		sigwait(&stop, &taken);
		if (!atomic_load(&workers[0].header->stop))
			continue; /* one ended by itself */
		for (unsigned int i = 0; i < count; i++)
			pthread_kill(threads[i], SIGUSR1);
	}
	for (unsigned int i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		if (workers[i].exit_status > status)
			status = workers[i].exit_status;
	}
	return status;
}

/* The workers of the command line: one, or one for each word `--`; NULL if it is wrong. */
static struct worker *read_workers(int argc, char **argv, unsigned int *count)
{
	struct options common;
	struct worker *workers;
	int used, all = 0;

	for (int i = 1; i < argc; i++)
		all += !strcmp(argv[i], "--");
	*count = all ? (unsigned int)all : 1;
	options_init(&common);
	used = options_read(&common, argc - 1, argv + 1);
	workers = used < 0 ? NULL : calloc(*count, sizeof(*workers));
	for (unsigned int i = 0; workers && i < *count; i++) {
		int from = used + 2, more = 0;

		workers[i].opt = common;
		if (all)
			more = options_read(&workers[i].opt, argc - from, argv + from);
		if (more < 0 || !options_complete(&workers[i].opt) || !params_take(&workers[i]))
			return NULL;
		used += more + 1;
	}
	return workers;
}

int main(int argc, char **argv)
{
	struct worker *workers;
	unsigned int count;

	if (argc == 2 && !strcmp(argv[1], "types")) {
		work_types_print(stdout);
		return 0;
	}
	workers = read_workers(argc, argv, &count);
	if (!workers)
		return 1;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != workers[0].opt.parent)
		return 3;
	for (unsigned int i = 0; i < count; i++) {
		if (map_shared(&workers[i]))
			continue;
		fprintf(stderr, "ktstr-worker: cannot map the shared memory: %s\n",
			strerror(errno));
		return 2;
	}
	if (count == 1)
		return live(&workers[0]);
	return run_threads(workers, count);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * CgroupChurn: spins, then moves from its cgroup to a sibling of it that it makes, or back.  The
 * sibling, `.churn-NAME` of the worker's name, has the same cpuset and other settings as the kernel
 * gives them.  It stresses moves of running tasks between cgroups, of which each is a work unit. It
 * never blocks on purpose: there is no wake latency.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker.h"

#define ROOT "/sys/fs/cgroup"

PARAMS(spin);

struct churn {
	char home[WORKER_PATH_SIZE];
	char sibling[WORKER_PATH_SIZE];
	bool away;
};

/* Where this process is: the line 0::/PATH of /proc/self/cgroup. */
static bool read_place(char *path, size_t size)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[WORKER_PATH_SIZE];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strncmp(line, "0::", 3);
	}
	if (file)
		fclose(file);
	return found && (size_t)snprintf(path, size, "%s%s", ROOT, line + 3) < size;
}

static bool write_file(const char *folder, const char *name, const char *text)
{
	char path[WORKER_PATH_SIZE * 2];
	ssize_t length = (ssize_t)strlen(text);
	bool done;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = write(fd, text, (size_t)length) == length;
	close(fd);
	return done;
}

/* The CPUs its cgroup has now, also if the scenario changed them. */
static void copy_cpuset(const struct churn *churn)
{
	char path[WORKER_PATH_SIZE * 2], text[1024];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/cpuset.cpus.effective", churn->home);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* no cpuset controller, so there is nothing to copy */
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got > 0) {
		text[got] = '\0';
		write_file(churn->sibling, "cpuset.cpus", text);
	}
}

static int prepare(struct worker *w)
{
	struct churn *churn = calloc(1, sizeof(*churn));
	char *slash;

	if (!churn)
		return -ENOMEM;
	w->own = churn;
	if (!read_place(churn->home, sizeof(churn->home)))
		return -ENOENT;
	slash = strrchr(churn->home, '/');
	if ((size_t)snprintf(churn->sibling, sizeof(churn->sibling), "%.*s/.churn-%s",
			     (int)(slash - churn->home), churn->home,
			     w->opt.label) >= sizeof(churn->sibling))
		return -ENAMETOOLONG;
	return mkdir(churn->sibling, 0755) < 0 ? -errno : 0;
}

/* The scenario may have moved this worker to another cgroup, which then is its home. */
static void find_home(struct churn *churn)
{
	char here[WORKER_PATH_SIZE];

	if (!read_place(here, sizeof(here)))
		return;
	churn->away = !strcmp(here, churn->sibling);
	if (!churn->away)
		strcpy(churn->home, here);
}

static void step(struct worker *w)
{
	struct churn *churn = w->own;
	const char *goal;

	loop_spin(w, (uint64_t)PARAM(w, spin));
	find_home(churn);
	goal = churn->away ? churn->home : churn->sibling;
	if (!churn->away)
		copy_cpuset(churn);
	if (!write_file(goal, "cgroup.procs", "0")) {
		worker_error(w, "cannot move (%s) to %s", strerror(errno), goal);
		w->finished = true;
		return;
	}
	w->m.work_units++;
	loop_tick(w);
}

static void finish(struct worker *w)
{
	struct churn *churn = w->own;

	if (churn && churn->home[0])
		find_home(churn);
	if (churn && churn->away)
		write_file(churn->home, "cgroup.procs", "0");
	if (churn && churn->sibling[0])
		rmdir(churn->sibling); /* the agent removes it if this worker is killed */
}

WORK_TYPE(CgroupChurn, .params = PARAM_NAMES, .group_size = 1, .prepare = prepare, .step = step,
	  .finish = finish);

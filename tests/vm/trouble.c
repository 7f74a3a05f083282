// SPDX-License-Identifier: Apache-2.0
/*
 * An init that gets its guest's kernel into trouble, as the kernel argument `trouble=` says (the
 * kernel hands arguments it does not know to init as environment):
 *
 *   none      nothing at all
 *   topology  prints the CPUs that share last-level caches, cores and nodes
 *   panic     the kernel panics (SysRq c)
 *   pause     a child calls pause(2), which the kernel under test got a fault in (faulty_kernel.py)
 *   rcu       the same, while somebody waits for an RCU grace period
 *   oom       a child takes all memory
 *   memcg     a child takes more memory than its cgroup may have
 *   flood     a line goes to the console, again and again
 *   hang      nothing happens any more, as in a boot that hangs
 *
 * It waits until the kernel had time to notice, and reboots, which ends QEMU.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define CHUNK (1 << 20)
#define NOTICE_SECONDS 6

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

static void mount_all(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
}

/* The detectors are set to notice within a few seconds instead of minutes. */
static void hurry_detectors(void)
{
	put("/proc/sys/kernel/watchdog_thresh", "1");
	put("/proc/sys/kernel/hung_task_timeout_secs", "2");
	put("/proc/sys/kernel/hung_task_check_interval_secs", "1");
	put("/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout", "3");
	put("/sys/module/rcupdate/parameters/rcu_exp_cpu_stall_timeout", "2000");
}

/* Prints a file's line unless it is the one before: CPUs that share something are neighbours. */
static void print_distinct(const char *what, const char *pattern)
{
	char path[128], line[256], before[256] = "";

	printf("seen %s:", what);
	for (int i = 0; i < 256; i++) {
		FILE *file;

		snprintf(path, sizeof(path), pattern, i);
		file = fopen(path, "r");
		if (!file)
			break;
		if (fgets(line, sizeof(line), file) && strcmp(line, before)) {
			strcpy(before, line);
			printf(" %.*s", (int)strcspn(line, "\n"), line);
		}
		fclose(file);
	}
	putchar('\n');
}

static void print_topology(void)
{
	print_distinct("llcs", "/sys/devices/system/cpu/cpu%d/cache/index3/shared_cpu_list");
	print_distinct("cores", "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list");
	print_distinct("nodes", "/sys/devices/system/node/node%d/cpulist");
}

static void take_memory(void)
{
	for (;;) {
		char *chunk = malloc(CHUNK);

		if (chunk)
			memset(chunk, 1, CHUNK);
	}
}

static void enter_small_cgroup(void)
{
	put("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	mkdir("/sys/fs/cgroup/small", 0755);
	put("/sys/fs/cgroup/small/memory.max", "16M");
	put("/sys/fs/cgroup/small/cgroup.procs", "0");
}

static void wait_for_grace_period(void)
{
	if (fork())
		return;
	sleep(1);
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	_exit(0);
}

/* Trouble happens on CPU 1; init and its timers stay on CPU 0, lest they be caught in it. */
static void move_to_cpu(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		perror("sched_setaffinity");
}

/*
 * The kernel turns to the time stamp counter a while after boot, and stops all CPUs for that
 * (stop_machine): one that is stuck by then would keep the other from telling of it. No event
 * tells.
 */
static void await_clocksource(void)
{
	const char *path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
	char name[32] = "";

	for (int tries = 0; tries < 1000 && strcmp(name, "tsc\n"); tries++) {
		int fd = open(path, O_RDONLY);
		ssize_t size = fd < 0 ? -1 : read(fd, name, sizeof(name) - 1);

		if (size < 0) {
			perror(path);
			return;
		}
		name[size] = '\0';
		close(fd);
		usleep(10000);
	}
}

static void child(const char *trouble)
{
	move_to_cpu(1);
	if (!strcmp(trouble, "memcg"))
		enter_small_cgroup();
	if (!strcmp(trouble, "pause") || !strcmp(trouble, "rcu"))
		pause();
	else
		take_memory();
	_exit(0);
}

int main(void)
{
	const char *trouble = getenv("trouble");

	if (!trouble)
		trouble = "none";
	mount_all();
	move_to_cpu(0);
	await_clocksource();
	hurry_detectors();
	printf("trouble: %s\n", trouble);
	fflush(stdout);
	if (!strcmp(trouble, "topology"))
		print_topology();
	else if (!strcmp(trouble, "panic"))
		put("/proc/sysrq-trigger", "c");
	else if (!strcmp(trouble, "flood"))
		for (;;)
			puts("trouble: the same line, again and again");
	else if (!strcmp(trouble, "hang"))
		for (;;)
			pause();
	else if (strcmp(trouble, "none")) {
		if (!strcmp(trouble, "rcu"))
			wait_for_grace_period();
		if (!fork())
			child(trouble);
		sleep(NOTICE_SECONDS);
	}
	printf("trouble: over\n");
	fflush(stdout);
	/* else the reset may come before the last line; a kernel in trouble may never drain it */
	if (!strcmp(trouble, "none") || !strcmp(trouble, "topology") || !strcmp(trouble, "memcg"))
		tcdrain(STDOUT_FILENO);
	/* not reboot(2): it first waits for CPU 0, which may be in an endless loop */
	put("/proc/sysrq-trigger", "b");
	return 1;
}

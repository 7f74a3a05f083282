// SPDX-License-Identifier: Apache-2.0
/*
 * /init, PID 1 of a test guest: mounts what the agent needs, brings `lo` up, starts the agent,
 * reaps orphans, and ends the machine when the agent has ended.  It runs SCHED_FIFO, as the agent
 * does: a sched_ext scheduler that starves everything below the real-time classes must not keep a
 * guest from ending.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RT_PRIORITY 99
/* The agent holds three descriptors for each worker. */
#define MAX_FILES 65536

static const struct {
	const char *type;
	const char *where;
	unsigned long flags;
	const char *options;
} MOUNTS[] = {
	{"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
	{"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
	{"devtmpfs", "/dev", MS_NOSUID, "mode=0755"},
	{"tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777"},
	{"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755"},
	{"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"},
	{"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666"},
	{"cgroup2", "/sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
	{"bpf", "/sys/fs/bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"},
	{"debugfs", "/sys/kernel/debug", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
	{"tracefs", "/sys/kernel/tracing", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
};

static char *const AGENT[] = {
	"/usr/bin/python3.13",
	"-SsPB",
	"/usr/lib/ktstr/ktstr/guest/boot.pyc",
	NULL,
};

static char *const ENVIRONMENT[] = {
	"PATH=/usr/bin:/usr/sbin:/bin:/sbin",
	"HOME=/root",
	"LANG=C.UTF-8",
	"PYTHONPATH=/usr/lib/ktstr",
	"PYTHONHASHSEED=0",
	"PYTHONUTF8=1",
	"PYTHONCOERCECLOCALE=0",
	NULL,
};

/* A mount that fails is told on the console: what needs it says so again in its own words. */
static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(MOUNTS) / sizeof(MOUNTS[0]); i++) {
		mkdir(MOUNTS[i].where, 0755);
		if (mount(MOUNTS[i].type, MOUNTS[i].where, MOUNTS[i].type, MOUNTS[i].flags,
			  MOUNTS[i].options) < 0 &&
		    errno != EBUSY)
			fprintf(stderr, "ktstr-init: cannot mount %s on %s: %s\n", MOUNTS[i].type,
				MOUNTS[i].where, strerror(errno));
	}
}

#ifdef __aarch64__
/* The agent writes to ttyS0 and ttyS1; the serial ports of QEMU's machine `virt` are PL011s. */
static void name_serial_ports(void)
{
	/* a kernel for many machines has ports of that name that lead nowhere */
	unlink("/dev/ttyS0");
	unlink("/dev/ttyS1");
	if (symlink("ttyAMA0", "/dev/ttyS0") < 0 || symlink("ttyAMA1", "/dev/ttyS1") < 0)
		fprintf(stderr, "ktstr-init: cannot name the serial ports: %s\n", strerror(errno));
}
#else
static void name_serial_ports(void)
{
}
#endif

static void use_console(void)
{
	int console = open("/dev/console", O_RDWR | O_NOCTTY);

	if (console < 0)
		return;
	for (int fd = 0; fd < 3; fd++)
		dup2(console, fd);
	if (console > 2)
		close(console);
}

/* The kernel gives `lo` its addresses when it comes up; without it 127.0.0.1 is unreachable. */
static void bring_up_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* a kernel of one's own may have no network: what needs one says so itself */
	if (fd < 0)
		return;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		fprintf(stderr, "ktstr-init: cannot bring lo up: %s\n", strerror(errno));
	close(fd);
}

static pid_t start_agent(void)
{
	pid_t pid = vfork();

	if (!pid) {
		execve(AGENT[0], AGENT, ENVIRONMENT);
		_exit(127);
	}
	return pid;
}

static int wait_for(pid_t agent)
{
	int status = 0;
	pid_t ended;

	/* any other child is an orphan that somebody in the guest left */
	do {
		ended = wait(&status);
	} while (ended != agent && (ended > 0 || errno == EINTR));
	return status;
}

int main(void)
{
	struct sched_param param = {.sched_priority = RT_PRIORITY};
	struct rlimit files = {.rlim_cur = MAX_FILES, .rlim_max = MAX_FILES};
	pid_t agent;
	int status;

	if (getpid() != 1) {
		fprintf(stderr, "ktstr-init: this is the init of a test guest; it runs as PID 1\n");
		return 1;
	}
	mount_all();
	use_console();
	name_serial_ports();
	bring_up_loopback();
	if (sched_setscheduler(0, SCHED_FIFO, &param) < 0)
		fprintf(stderr, "ktstr-init: SCHED_FIFO refused: %s\n", strerror(errno));
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		fprintf(stderr, "ktstr-init: RLIMIT_NOFILE refused: %s\n", strerror(errno));
	agent = start_agent();
	if (agent < 0) {
		fprintf(stderr, "ktstr-init: cannot start the agent: %s\n", strerror(errno));
	} else {
		status = wait_for(agent);
		if (WIFSIGNALED(status))
			fprintf(stderr, "ktstr-init: the agent was killed by signal %d\n",
				WTERMSIG(status));
		else if (WEXITSTATUS(status) == 127)
			fprintf(stderr, "ktstr-init: cannot run %s\n", AGENT[0]);
		else if (WEXITSTATUS(status))
			fprintf(stderr, "ktstr-init: the agent ended with status %d\n",
				WEXITSTATUS(status));
	}
	reboot(RB_AUTOBOOT);
	return 1;
}

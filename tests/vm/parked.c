// SPDX-License-Identifier: Apache-2.0
/*
 * An init that parks its guest as the agent does: it says hello at the frames port, marks its
 * mailbox, and stops the machine with a write to the pvpanic device. A clone goes on behind that
 * write: it shows what its mailbox holds, lets every CPU work, fills memory with what is its own,
 * and shows whether it is still there.
 *
 * The kernel argument `parked=none` leaves the mailbox out, `parked=hang` never parks,
 * `parked=panic` panics instead.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define MAILBOX (2 << 20)
#define OWN (16 << 20)
#define WORK_NS 50000000
#define SETTLE_NS 50000000

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

static void *memory(size_t size)
{
	void *found = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (found == MAP_FAILED || mlock(found, size))
		perror("memory");
	return found;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* A page's mark is ktstr/model/wire/mailbox.py's: magic, index, number of pages. */
static char *mailbox(void)
{
	char *pages = memory(MAILBOX);

	for (uint32_t i = 0; i < MAILBOX / PAGE; i++) {
		uint32_t numbers[] = {i, MAILBOX / PAGE};

		memcpy(pages + i * PAGE, "ktstr ", 6);
		memcpy(pages + i * PAGE + 6, "mailbox", 7);
		memcpy(pages + i * PAGE + 16, numbers, sizeof(numbers));
	}
	return pages;
}

static long number_in(const char *folder, const char *file)
{
	char path[512], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		perror(path);
	close(fd);
	return strtol(text, NULL, 16);
}

/* The one byte of the pvpanic device (1b36:0011): its BAR may begin within a page. */
static volatile char *pvpanic(void)
{
	DIR *devices = opendir("/sys/bus/pci/devices");
	struct dirent *device;

	while (devices && (device = readdir(devices))) {
		char folder[300], path[512];
		int fd;

		if (device->d_name[0] == '.')
			continue;
		snprintf(folder, sizeof(folder), "/sys/bus/pci/devices/%s", device->d_name);
		if (number_in(folder, "vendor") != 0x1b36 || number_in(folder, "device") != 0x11)
			continue;
		snprintf(path, sizeof(path), "%s/resource0", folder);
		fd = open(path, O_RDWR);
		return (volatile char *)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
					     0) +
		       (number_in(folder, "resource") & (PAGE - 1));
	}
	return NULL;
}

/* How often two processes for each CPU could look at the clock: their turns decide that. */
static void work(void)
{
	long count = 2 * sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t *looks = memory(count * sizeof(*looks));

	for (long i = 0; i < count; i++) {
		if (!fork()) {
			uint64_t end = now_ns() + WORK_NS;

			while (now_ns() < end)
				looks[i]++;
			_exit(0);
		}
	}
	for (long i = 0; i < count; i++)
		wait(NULL);
	printf("parked: looks");
	for (long i = 0; i < count; i++)
		printf(" %lu", looks[i]);
	putchar('\n');
}

/*
 * The counter is read just before the store; RSI marks the CPU (ktstr/model/wire/mailbox.py). The
 * other CPUs shall be idle by then, as the agent's bell sees to.
 */
static void park(volatile char *device)
{
	uint64_t settled = now_ns() + SETTLE_NS;

	while (now_ns() < settled)
		;
	asm volatile("rdtsc\n\tmovb $1, (%0)"
		     :
		     : "D"(device), "S"(0x64656B7261705354)
		     : "rax", "rdx", "memory");
}

static void live(const char *mail)
{
	size_t length = strnlen(mail + 20, 100) + 1;
	char *own = memory(OWN);
	int kept = 1;

	printf("parked: at %lu mail %.8s %.*s\n", now_ns(), mail, (int)length - 1, mail + 20);
	for (size_t i = 0; i < OWN; i++)
		own[i] = mail[20 + i % length];
	work();
	for (size_t i = 0; i < OWN; i++)
		kept &= own[i] == mail[20 + i % length];
	printf("parked: %s\n", kept ? "kept its own" : "lost its own");
	printf("parked: last page %.16s\n", mail + MAILBOX - PAGE);
}

int main(void)
{
	const char *how = getenv("parked");
	volatile char *device;
	uint64_t before;
	char *mail;
	int frames;

	mount("dev", "/dev", "devtmpfs", 0, NULL);
	frames = open("/dev/ttyS1", O_WRONLY);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	device = pvpanic();
	mail = how && !strcmp(how, "none") ? memory(MAILBOX) : mailbox();
	printf("parked: about to\n");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	if (write(frames, "hello", 5) != 5)
		perror("frames");
	tcdrain(frames);
	if (how && !strcmp(how, "panic"))
		put("/proc/sysrq-trigger", "c");
	while (how && !strcmp(how, "hang"))
		pause();
	before = now_ns();
	park(device);
	printf("parked: for %lu ms\n", (now_ns() - before) / 1000000);
	live(mail);
	if (write(frames, "again", 5) != 5)
		perror("frames");
	tcdrain(frames);
	printf("parked: over\n");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	put("/proc/sysrq-trigger", "b");
	return 1;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * An init that parks its guest as the agent does: it says hello at the frames port, maps its
 * mailbox, and stops the machine with a write to the pvpanic device. A clone goes on behind that
 * write: it shows what its mailbox holds, lets every CPU work, fills memory with what is its own,
 * and shows whether it is still there.
 *
 * The kernel argument `parked=hang` never parks, `parked=panic` panics instead.
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

/* The start of a PCI device's BAR, which may begin within a page, in sysfs' RESOURCE. */
static char *bar(long vendor, long number, const char *resource, size_t size)
{
	DIR *devices = opendir("/sys/bus/pci/devices");
	struct dirent *device;

	while (devices && (device = readdir(devices))) {
		char folder[300], path[512];
		int fd;

		if (device->d_name[0] == '.')
			continue;
		snprintf(folder, sizeof(folder), "/sys/bus/pci/devices/%s", device->d_name);
		if (number_in(folder, "vendor") != vendor || number_in(folder, "device") != number)
			continue;
		snprintf(path, sizeof(path), "%s/enable", folder);
		put(path, "1");
		snprintf(path, sizeof(path), "%s/%s", folder, resource);
		fd = open(path, O_RDWR);
		return (char *)mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) +
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

/* Lets the other CPUs become idle, as the agent's bell does. */
static void settle(void)
{
	uint64_t settled = now_ns() + SETTLE_NS;

	while (now_ns() < settled)
		;
}

/* The counter is read just before the store; RSI marks the CPU (ktstr/model/wire/mailbox.py). */
static void park(volatile char *device)
{
	asm volatile("rdtsc\n\tmovb $1, (%0)"
		     :
		     : "D"(device), "S"(0x64656B7261705354)
		     : "rax", "rdx", "memory");
}

/* A page with the sizes, then the layer (ktstr/model/wire/mailbox.py). */
static void live(char *mailbox)
{
	const char *mail = mailbox + PAGE;
	size_t length = strnlen(mail, 100) + 1;
	char *own = memory(OWN);
	int kept = 1;

	printf("parked: at %lu mail %.8s %.*s\n", now_ns(), mailbox, (int)length - 1, mail);
	for (size_t i = 0; i < OWN; i++)
		own[i] = mail[i % length];
	mailbox[PAGE - 1] = 'w';
	work();
	for (size_t i = 0; i < OWN; i++)
		kept &= own[i] == mail[i % length];
	printf("parked: %s\n", kept ? "kept its own" : "lost its own");
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
	device = bar(0x1b36, 0x11, "resource0", PAGE);
	mail = bar(0x1af4, 0x1110, "resource2", 2 * PAGE);
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
	settle();
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

// SPDX-License-Identifier: Apache-2.0
//
// A plugin of QEMU 10.0 for virtual time: its main loop takes the vCPUs for idle only while their
// thread waits for it. Without that the main loop, which each timer wakes, may see the last vCPU
// halted before the thread has accounted for what that ran (icount_process_data of
// accel/tcg/tcg-accel-ops-icount.c), and lets the clock jump too far (icount_start_warp_timer).
// It uses what QEMU exports to its modules, and hooks no instruction, so that guests run as without
// it.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

typedef bool idle_fn(const void *cpu);
typedef void wait_fn(void *condition, void *mutex, const char *file, int line);

// Offset of AccelOpsClass.cpu_thread_is_idle, which decides for all that halted; TCG has none.
enum { THREAD_IS_IDLE = 0x88, API = 4 };

extern void *cpus_get_accel(void);
extern bool qemu_in_vcpu_thread(void);
extern wait_fn *qemu_cond_wait_func;
extern int qemu_plugin_register_vcpu_init_cb(uint64_t id, void (*call)(uint64_t id, unsigned cpu));

EXPORT int qemu_plugin_version = API;

static wait_fn *wait_before;
// Read and written under QEMU's big lock, which a wait gives back and takes again.
static bool waits;

static void wait_and_say(void *condition, void *mutex, const char *file, int line)
{
	bool ours = qemu_in_vcpu_thread();

	if (ours)
		waits = true;
	wait_before(condition, mutex, file, line);
	if (ours)
		waits = false;
}

static bool thread_is_idle(const void *cpu)
{
	(void)cpu;
	return waits || qemu_in_vcpu_thread();
}

static void vcpu_init(uint64_t id, unsigned cpu)
{
	idle_fn **idle;

	(void)id;
	(void)cpu;
	if (wait_before)
		return;
	idle = (idle_fn **)((char *)cpus_get_accel() + THREAD_IS_IDLE);
	if (*idle) {
		fprintf(stderr, "turns.so: TCG decides itself who is idle: another QEMU?\n");
		abort();
	}
	*idle = thread_is_idle;
	wait_before = qemu_cond_wait_func;
	qemu_cond_wait_func = wait_and_say;
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	return qemu_plugin_register_vcpu_init_cb(id, vcpu_init);
}

// SPDX-License-Identifier: Apache-2.0
//
// A plugin of QEMU for virtual time: its main loop takes the vCPUs for idle only while their
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

// collect.py says, by QEMU's version, THREAD_IS_IDLE, the offset of
// AccelOpsClass.cpu_thread_is_idle, which decides for all that halted (TCG has none), and QP_LEVEL,
// of the interface for plugins.
#if QP_LEVEL < 7
typedef void vcpu_fn(uint64_t id, unsigned cpu);
int qemu_plugin_register_vcpu_init_cb(uint64_t id, vcpu_fn *call);
#else
typedef void vcpu_fn(unsigned cpu, void *data);
int qemu_plugin_register_vcpu_init_cb(uint64_t id, vcpu_fn *call, void *data);
#endif

extern void *cpus_get_accel(void);
extern bool qemu_in_vcpu_thread(void);
extern wait_fn *qemu_cond_wait_func;

EXPORT int qemu_plugin_version = QP_LEVEL;

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

static void take_turns(void)
{
	idle_fn **idle;

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

#if QP_LEVEL < 7
static void vcpu_init(uint64_t id, unsigned cpu)
{
	(void)id;
	(void)cpu;
	take_turns();
}
#else
static void vcpu_init(unsigned cpu, void *data)
{
	(void)cpu;
	(void)data;
	take_turns();
}
#endif

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
#if QP_LEVEL < 7
	return qemu_plugin_register_vcpu_init_cb(id, vcpu_init);
#else
	return qemu_plugin_register_vcpu_init_cb(id, vcpu_init, NULL);
#endif
}

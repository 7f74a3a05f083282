/* SPDX-License-Identifier: GPL-2.0 */
/* What a sched_ext scheduler in BPF C includes: the kernel's types, the kfuncs it may call on 6.12
 * and later, and the record that tells scx-loader how the scheduler ended.
 *
 * kfuncs were renamed in 6.13; both names are weak, and libbpf leaves only the branch that the
 * running kernel has.
 */
#ifndef KTSTR_SCX_BPF_H
#define KTSTR_SCX_BPF_H

/* The prototypes below replace those that bpftool writes into vmlinux.h. */
#define BPF_NO_KFUNC_PROTOTYPES
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "scx_exit_event.h"

/* Macros of the kernel, which BTF does not carry. */
#define PF_KTHREAD 0x00200000
#define CLOCK_MONOTONIC 1

/* One callback of sched_ext_ops; a sleepable one where the kernel allows that (init). */
#define SCX_PROG(name, args...) SEC("struct_ops/" #name) BPF_PROG(name, ##args)
#define SCX_SLEEPABLE_PROG(name, args...) SEC("struct_ops.s/" #name) BPF_PROG(name, ##args)

bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *cpumask) __ksym;
s32 scx_bpf_create_dsq(u64 dsq_id, s32 node) __ksym;
s32 scx_bpf_dsq_nr_queued(u64 dsq_id) __ksym;
s32 scx_bpf_pick_idle_cpu(const struct cpumask *cpus_allowed, u64 flags) __ksym;
s32 scx_bpf_select_cpu_dfl(struct task_struct *p, s32 prev_cpu, u64 wake_flags,
			   bool *is_idle) __ksym;
s32 scx_bpf_task_cpu(const struct task_struct *p) __ksym;
u32 scx_bpf_nr_cpu_ids(void) __ksym;
void scx_bpf_error_bstr(char *fmt, unsigned long long *data, u32 data__sz) __ksym;
void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym;

/* 6.12 */
bool scx_bpf_consume(u64 dsq_id) __ksym __weak;
void scx_bpf_dispatch(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags) __ksym __weak;
void scx_bpf_dispatch_vtime(struct task_struct *p, u64 dsq_id, u64 slice, u64 vtime,
			    u64 enq_flags) __ksym __weak;
/* 6.13 and later */
bool scx_bpf_dsq_move_to_local(u64 dsq_id) __ksym __weak;
void scx_bpf_dsq_insert(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags) __ksym __weak;
void scx_bpf_dsq_insert_vtime(struct task_struct *p, u64 dsq_id, u64 slice, u64 vtime,
			      u64 enq_flags) __ksym __weak;

int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq *it, u64 dsq_id, u64 flags) __ksym __weak;
struct task_struct *bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq *it) __ksym __weak;
void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq *it) __ksym __weak;

/* Puts a task at the end of a FIFO DSQ. */
static inline void scx_insert(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags)
{
	if (bpf_ksym_exists(scx_bpf_dsq_insert))
		scx_bpf_dsq_insert(p, dsq_id, slice, enq_flags);
	else
		scx_bpf_dispatch(p, dsq_id, slice, enq_flags);
}

/* Puts a task into a DSQ ordered by vtime; a DSQ is ordered by vtime or FIFO, never both. */
static inline void scx_insert_vtime(struct task_struct *p, u64 dsq_id, u64 slice, u64 vtime,
				    u64 enq_flags)
{
	if (bpf_ksym_exists(scx_bpf_dsq_insert_vtime))
		scx_bpf_dsq_insert_vtime(p, dsq_id, slice, vtime, enq_flags);
	else
		scx_bpf_dispatch_vtime(p, dsq_id, slice, vtime, enq_flags);
}

/* Moves the first task of the DSQ that may run on this CPU to it; false when there is none. */
static inline bool scx_move_to_local(u64 dsq_id)
{
	if (bpf_ksym_exists(scx_bpf_dsq_move_to_local))
		return scx_bpf_dsq_move_to_local(dsq_id);
	return scx_bpf_consume(dsq_id);
}

/*
 * Ends the scheduler with a formatted message; the kernel falls back to EEVDF.  Of arguments, which
 * may be pointers (text for %s), the kernel takes 12: MAX_BPRINTF_VARARGS of include/linux/bpf.h.
 */
#define scx_error(fmt, args...)                                                                    \
	({                                                                                         \
		static char scx_fmt[] = fmt;                                                       \
		_Pragma("GCC diagnostic push");                                                    \
		_Pragma("GCC diagnostic ignored \"-Wint-conversion\"");                            \
		unsigned long long scx_args[] = {0, ##args};                                       \
		_Pragma("GCC diagnostic pop");                                                     \
		const u32 scx_given = sizeof(scx_args) / sizeof(*scx_args) - 1;                    \
		_Static_assert(sizeof(scx_args) <= (1 + 12) * sizeof(*scx_args),                   \
			       "scx_error() takes 12 arguments behind its format at most");        \
		/* The verifier wants room for one argument also where none is given. */           \
		scx_bpf_error_bstr(scx_fmt, scx_args + !!scx_given,                                \
				   (scx_given ?: 1) * sizeof(*scx_args));                          \
	})

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SCX_EXIT_RING_LEN);
} scx_exit_events SEC(".maps");

/* Tells scx-loader how the scheduler ended; the whole body of an ops.exit. */
static inline void scx_record_exit(const struct scx_exit_info *ei)
{
	struct scx_exit_event *event;

	event = bpf_ringbuf_reserve(&scx_exit_events, sizeof(*event), 0);
	if (!event)
		return;
	event->kind = ei->kind;
	event->exit_code = ei->exit_code;
	event->reason[0] = event->msg[0] = event->dump[0] = '\0';
	bpf_probe_read_kernel_str(event->reason, sizeof(event->reason), ei->reason);
	bpf_probe_read_kernel_str(event->msg, sizeof(event->msg), ei->msg);
	bpf_probe_read_kernel_str(event->dump, sizeof(event->dump), ei->dump);
	bpf_ringbuf_submit(event, 0);
}

#endif

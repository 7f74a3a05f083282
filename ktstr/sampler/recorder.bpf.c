/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flight recorder: calls of functions and of a scheduler's callbacks with what the host wants
 * read of their arguments, and the last events of each task.
 *
 * The newest overwrites the oldest: what a reader that no longer runs has not fetched must not keep
 * out what leads to a failure.  All lies in maps, where it can be read of a guest that has died.
 */
#include "ktstr/sampler/happenings.bpf.h"
#include "ktstr/sampler/recorded.bpf.h"

char _license[] SEC("license") = "GPL";

/* How many bytes are in the record stands in it: the verifier does not follow them from turn to
 * turn. */
static __always_inline void read_all(struct record *r, const struct target *t, __u32 first,
				     __u32 count, const __u64 *arguments)
{
	__u32 i;

	bpf_for(i, first, first + count) {
		const struct target_read *read;
		__u32 size, at = r->size;
		__u64 from;

		if (i >= RECORDING_READS || at > RECORDING_DATA)
			break;
		read = &t->reads[i];
		size = read->size;
		if (!size || size > RECORDING_LONGEST)
			break;
		from = arguments[read->argument & 7];
		if (!read->offsets) {
			*(__u64 *)(r->data + (at & ~7u)) = from;
			r->size = at + 8;
			continue;
		}
		from += read->offset[0];
		if (read->offsets > 1) {
			if (bpf_probe_read_kernel(&from, sizeof(from), (void *)from))
				from = 0;
			from = from ? from + read->offset[1] : 0;
		}
		if (read->offsets > 2) {
			if (bpf_probe_read_kernel(&from, sizeof(from), (void *)from))
				from = 0;
			from = from ? from + read->offset[2] : 0;
		}
		/* zeros of what cannot be read */
		bpf_probe_read_kernel(r->data + at, size, (void *)from);
		r->size = at + ((size + 7) & ~7u);
	}
}

static __always_inline void keep_stack(void *ctx, struct recording_state *s, struct record *r)
{
	__u32 number = __sync_fetch_and_add(&s->stacks, 1);
	struct recorded_stack *stack = bpf_map_lookup_elem(&ktstr_stacks, &number);
	long size;

	if (!stack)
		return;
	size = bpf_get_stack(ctx, stack->addresses, sizeof(stack->addresses), 0);
	stack->frames = size > 0 ? size / sizeof(__u64) : 0;
	r->stack = number + 1;
}

/* Of a task that something has happened to before, as it has been woken. */
static __always_inline void note_queue(const struct target *t, const __u64 *arguments)
{
	__u64 task = arguments[t->task & 7], queue = arguments[t->queue & 7];
	struct scx_dispatch_q *dsq = bpf_core_cast((void *)queue, struct scx_dispatch_q);
	struct task_struct *p = bpf_core_cast((void *)task, struct task_struct);
	struct task_log *log;

	if (t->task == RECORDING_NONE || t->queue == RECORDING_NONE)
		return;
	if (!bpf_core_field_exists(dsq->id) || !bpf_core_field_exists(dsq->nr))
		return;
	log = known_log(p->pid);
	if (log)
		happen(log, p, EVENT_QUEUED, dsq->nr, dsq->id);
}

static __always_inline bool ends_here(const struct target *t, const __u64 *arguments)
{
	if (!(t->flags & TARGET_ENDS))
		return false;
	return t->end == RECORDING_NONE || (__u32)arguments[t->end & 7] >= t->end_least;
}

/* A new record, without data; NULL: there is none. */
static __always_inline struct record *begin(struct recording_state *s, __u32 target, __u64 *ticket)
{
	struct record *r;
	__u32 key;

	*ticket = __sync_fetch_and_add(&s->taken, 1);
	key = *ticket % RECORDING_RECORDS;
	r = bpf_map_lookup_elem(&ktstr_records, &key);
	if (!r)
		return NULL;
	r->ticket = 0;
	r->at_ns = bpf_ktime_get_ns();
	r->result = 0;
	r->target = target;
	r->pid = (__u32)bpf_get_current_pid_tgid();
	r->cpu = bpf_get_smp_processor_id();
	r->returns = false;
	r->size = 0;
	r->stack = 0;
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	return r;
}

/* The record is the last. */
static __always_inline void end(void *ctx, struct recording_state *s, struct record *r,
				__u64 ticket)
{
	keep_stack(ctx, s, r);
	__sync_val_compare_and_swap(&s->ended, 0, ticket + 1);
}

/* Notes that the target has been entered, or returns; arguments: those, and the result. */
static __always_inline int note(void *ctx, __u64 *arguments, bool returns)
{
	struct recording_state *s = going_on();
	__u32 index = bpf_get_attach_cookie(ctx);
	struct target *t = bpf_map_lookup_elem(&ktstr_targets, &index);
	struct record *r;
	__u64 ticket;

	if (!s || !t)
		return 0;
	if (t->flags & TARGET_OP)
		bpf_probe_read_kernel(arguments, RECORDING_ARGUMENTS * sizeof(__u64),
				      (void *)arguments[0]);
	if (!returns)
		note_queue(t, arguments);
	r = begin(s, index, &ticket);
	if (!r)
		return 0;
	r->result = arguments[RECORDING_RESULT];
	r->returns = returns;
	if (returns) {
		read_all(r, t, t->arguments + t->fields, t->results, arguments);
		read_all(r, t, t->arguments, t->fields, arguments);
	} else {
		read_all(r, t, 0, t->arguments + t->fields, arguments);
		if (ends_here(t, arguments))
			end(ctx, s, r, ticket);
	}
	r->ticket = ticket + 1;
	return 0;
}

static __always_inline void take_arguments(__u64 *ctx, __u64 *arguments)
{
	bpf_get_func_arg(ctx, 0, &arguments[0]);
	bpf_get_func_arg(ctx, 1, &arguments[1]);
	bpf_get_func_arg(ctx, 2, &arguments[2]);
	bpf_get_func_arg(ctx, 3, &arguments[3]);
	bpf_get_func_arg(ctx, 4, &arguments[4]);
	bpf_get_func_arg(ctx, 5, &arguments[5]);
}

/* User space loads these two for each target anew: the function here is but one that there is. */
SEC("fentry/wake_up_process")
int on_entry(__u64 *ctx)
{
	__u64 arguments[8] = {};

	take_arguments(ctx, arguments);
	return note(ctx, arguments, false);
}

SEC("fexit/wake_up_process")
int on_return(__u64 *ctx)
{
	__u64 arguments[8] = {};

	take_arguments(ctx, arguments);
	bpf_get_func_ret(ctx, &arguments[RECORDING_RESULT]);
	return note(ctx, arguments, true);
}

/* Of functions that a trampoline cannot stand at: those with as many arguments as the caller likes.
 */
SEC("kprobe")
int on_probed_entry(struct pt_regs *regs)
{
	__u64 arguments[8] = {regs->di, regs->si, regs->dx, regs->cx, regs->r8, regs->r9};

	return note(regs, arguments, false);
}

/* The arguments are gone by then: their fields are zeros. */
SEC("kretprobe")
int on_probed_return(struct pt_regs *regs)
{
	__u64 arguments[8] = {};

	arguments[RECORDING_RESULT] = regs->ax;
	return note(regs, arguments, true);
}

/* Ends the recording once a task has waited for too long.  At any tick: a CPU may take none. */
SEC("kprobe")
int on_tick(struct pt_regs *regs)
{
	struct recording_state *s = going_on();
	struct record *r;
	__u64 ticket;

	if (!s || !waits_too_long(s, bpf_ktime_get_ns()))
		return 0;
	r = begin(s, bpf_get_attach_cookie(regs), &ticket);
	if (!r)
		return 0;
	end(regs, s, r, ticket);
	r->ticket = ticket + 1;
	return 0;
}

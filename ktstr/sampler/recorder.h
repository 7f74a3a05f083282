/* SPDX-License-Identifier: Apache-2.0 */
/* What the recorder's two halves share: programs at functions, and at callbacks. */
#ifndef KTSTR_SAMPLER_RECORDER_H
#define KTSTR_SAMPLER_RECORDER_H

#include <bpf/libbpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include "ktstr/sampler/recording.h"

/* Where an instance of a program is to stand. */
struct place {
	int program; /* descriptor of a program; 0: in the kernel */
	__u32 type;  /* number of the function in the BTF of that */
	__u32 target;
};

/*
 * Loads @program, which has been loaded as it is, once more to stand there, at entries or returns.
 * Its link, or what went wrong, negative.
 */
int trace(const struct bpf_program *program, enum bpf_attach_type when, struct place place);

/*
 * Puts programs at each callback of the schedulers that are there, unless the target has one, and
 * says so in @targets; @ops_type: of the value of maps of ops.
 */
void trace_callbacks(const struct bpf_object *object, struct target *targets, __u32 count,
		     __u32 ops_type);

/* A target is stood at, at its entries or returns, by a program that this link holds. */
void keep_link(__u32 target, bool returns, int link);

/* Says of each target, and of @state, how many calls and events its programs have missed. */
void count_missed(const struct bpf_object *object, struct target *targets, __u32 count,
		  struct recording_state *state);

/* Writes the kernel's names of BPF programs as lines of JSON. */
void put_symbols(void);

#endif

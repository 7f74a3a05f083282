/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the measurements out of the sampler's maps, as lines of JSON. */
#ifndef KTSTR_SAMPLER_DRAIN_H
#define KTSTR_SAMPLER_DRAIN_H

#include <bpf/libbpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

/* Writes and removes all samples but those of @phase; false with errno if the kernel refuses. */
bool drain_samples(FILE *out, int map, __u32 phase);

/* Writes what each program of @object cost, and how many events were @dropped. */
void drain_costs(FILE *out, const struct bpf_object *object, __u64 dropped);

#endif

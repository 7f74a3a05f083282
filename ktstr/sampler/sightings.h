/* SPDX-License-Identifier: Apache-2.0 */
/* Takes what the witness saw out of its maps, as lines of JSON. */
#ifndef KTSTR_SAMPLER_SIGHTINGS_H
#define KTSTR_SAMPLER_SIGHTINGS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

#include "ktstr/sampler/looks.h"

/* Writes and removes who ran in all phases but @phase; false with errno if the kernel refuses. */
bool drain_ran(FILE *out, int map, __u32 phase);

/* Writes and removes what CPUs did not do in all phases but @phase; as above. */
bool drain_cells(FILE *out, int map, __u32 phase);

void put_hold(FILE *out, const struct witness_hold *hold);

#endif

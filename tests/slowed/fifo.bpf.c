/* SPDX-License-Identifier: GPL-2.0 */
/* An enqueue that takes some 2 % more instructions. */
#include "scx.bpf.h"

u64 nr_more;

#define SLOWER __sync_fetch_and_add(&nr_more, 1)

#include "tests/slowed/fifo.bpf.h"

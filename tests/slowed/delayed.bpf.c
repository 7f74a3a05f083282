/* SPDX-License-Identifier: GPL-2.0 */
/* An enqueue that adds so many times more. */
#include "scx.bpf.h"

const volatile u32 more = 0;
u64 nr_more;

static __always_inline void add_more(void)
{
	u32 i;

	bpf_for(i, 0, more)
		__sync_fetch_and_add(&nr_more, 1);
}

#define SLOWER add_more()

#include "tests/slowed/fifo.bpf.h"

// SPDX-License-Identifier: Apache-2.0
/* CpuSpin: spins 1024 iterations at a time and never blocks. */
#include "worker.h"

static void step(struct worker *w)
{
	loop_spin(w, 1024);
}

WORK_TYPE(CpuSpin, .group_size = 1, .step = step);

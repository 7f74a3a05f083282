// SPDX-License-Identifier: Apache-2.0
#include "custom.h"

static void step(struct worker *w)
{
	loop_spin(w, 1);
	loop_tick(w);
}

KTSTR_CUSTOM_WORK(.step = step);

// SPDX-License-Identifier: Apache-2.0
/*
 * AluHot: arithmetic in registers without a pause, on integers, floating-point numbers or vectors
 * of them.  It keeps the execution units of a core busy and nothing else.  There is no wake
 * latency.
 */
#include "steps/arithmetic.h"

PARAMS(flavour);

static void step(struct worker *w)
{
	/* in the order of Flavour of ktstr/model/work/types.py */
	static void (*const FLAVOURS[])(struct worker *) = {arithmetic_integer, arithmetic_float,
							    arithmetic_vector};

	FLAVOURS[PARAM(w, flavour)](w);
}

WORK_TYPE(AluHot, .params = PARAM_NAMES, .group_size = 1, .step = step);

// SPDX-License-Identifier: Apache-2.0
/*
 * SmtSiblingSpin: pairs that the agent binds to the two threads of one core; both do arithmetic on
 * integers, so that each shows in its work rate what the other takes.  There is no wake latency.
 */
#include "steps/arithmetic.h"

WORK_TYPE(SmtSiblingSpin, .group_size = 2, .step = arithmetic_integer);

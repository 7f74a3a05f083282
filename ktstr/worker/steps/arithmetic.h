/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic in registers: each call does 1024 dependent operations, which are as many work units.
 */
#ifndef KTSTR_WORKER_ARITHMETIC_H
#define KTSTR_WORKER_ARITHMETIC_H

#include "worker.h"

void arithmetic_integer(struct worker *w);
void arithmetic_float(struct worker *w);
void arithmetic_vector(struct worker *w);

#endif

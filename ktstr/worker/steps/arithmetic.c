// SPDX-License-Identifier: Apache-2.0
/* Arithmetic in registers; see arithmetic.h. */
#include "steps/arithmetic.h"

#define OPERATIONS 1024

/* A register that numbers with a point, and vectors of them, are calculated in. */
#ifdef __aarch64__
#define FLOATING "+w"
#else
#define FLOATING "+x"
#endif

typedef float vector __attribute__((vector_size(16)));

void arithmetic_integer(struct worker *w)
{
	uint64_t value = w->cursor;

	for (int i = 0; i < OPERATIONS; i++) {
		value = value * 6364136223846793005ull + 1442695040888963407ull;
		__asm__ volatile("" : "+r"(value));
	}
	w->cursor = value;
	loop_worked(w, OPERATIONS);
}

void arithmetic_float(struct worker *w)
{
	double value = 1.0;

	for (int i = 0; i < OPERATIONS; i++) {
		value = value * 1.0000001 + 0.0000001;
		__asm__ volatile("" : FLOATING(value));
	}
	loop_worked(w, OPERATIONS);
}

void arithmetic_vector(struct worker *w)
{
	vector value = {1, 2, 3, 4};
	const vector factor = {1.0001f, 0.9999f, 1.0002f, 0.9998f};

	for (int i = 0; i < OPERATIONS; i++) {
		value = value * factor + factor;
		__asm__ volatile("" : FLOATING(value));
	}
	loop_worked(w, OPERATIONS);
}

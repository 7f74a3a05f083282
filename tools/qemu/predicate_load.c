// SPDX-License-Identifier: Apache-2.0
//
// Checks the bytes of a program, so that its run needs not.
#include <string.h>

#include "predicate.h"
#include "predicate_code.h"

static bool is_whole(const struct instruction *in, unsigned instructions, unsigned constants)
{
	unsigned size = in->a & SIZE;

	switch (in->op) {
	case CONST:
		return in->b < constants;
	case KNOWN:
		return in->a < PREDICATE_LOCALS && in->b < PREDICATE_NAMES && in->imm >= 0 &&
		       (unsigned)in->imm < instructions;
	case BIND:
		return in->a < PREDICATE_LOCALS && in->b < PREDICATE_NAMES;
	case REG:
		return in->a < 16;
	case GET:
	case SET:
		return in->a < PREDICATE_LOCALS;
	case KEEP:
		return in->a < PREDICATE_LOCALS && in->b && in->b <= PREDICATE_LARGEST;
	case FIELD:
		if (in->b >= PREDICATE_LOCALS)
			return false;
		// fall through
	case LOAD:
		return size == 1 || size == 2 || size == 4 || size == 8;
	case TERM:
		return in->a < PREDICATE_TERMS;
	case JUMP:
	case UNLESS:
		return in->imm >= 0 && (unsigned)in->imm < instructions;
	default:
		return in->op < OPS;
	}
}

bool predicate_load(struct predicate_program *program, const void *bytes, size_t size)
{
	const uint8_t *head = bytes;
	struct predicate_program checked = {0};
	struct instruction in;
	uint16_t instructions, constants;

	*program = checked;
	if (size < HEAD || head[0] != 'P' || head[1] != VERSION || head[2] > PREDICATE_TERMS)
		return false;
	memcpy(&instructions, head + 4, 2);
	memcpy(&constants, head + 6, 2);
	if (!instructions || size != HEAD + WIDE * ((size_t)instructions + constants))
		return false;
	for (unsigned i = 0; i < instructions; i++) {
		memcpy(&in, head + HEAD + WIDE * i, WIDE);
		if (!is_whole(&in, instructions, constants))
			return false;
		if (in.op == REG)
			checked.registers |= (uint16_t)(1u << in.a);
	}
	checked.code = head + HEAD;
	checked.constants = checked.code + WIDE * instructions;
	checked.constant_count = constants;
	checked.terms = head[2];
	checked.instructions = instructions;
	*program = checked;
	return true;
}

// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a program: 'P', version, terms, 0, instructions (u16), constants (u16), then
// instructions of 8 bytes {op u8, a u8, b u16, imm i32}, then constants of 8 bytes; all little
// endian, as the hosts are. Values are 64 bits and wrap; comparisons are signed.
#ifndef PREDICATE_CODE_H
#define PREDICATE_CODE_H

#include <stdint.h>

enum op {
	END,	 // pop: not 0 is HOLDS
	GIVEN,	 // pop: 0 is IDLE
	SET,	 // pop into local a
	KNOWN,	 // if another program of this instant bound name b: set local a to it, go to imm
	BIND,	 // bind name b to local a
	KEEP,	 // read b bytes from imm behind local a on, for what follows
	TERM,	 // say the top as term a
	JUMP,	 // go to instruction imm
	UNLESS,	 // pop: if 0 go to instruction imm
	SMALL,	 // push imm
	CONST,	 // push constant b
	REG,	 // push register a as it was at the function's entry
	RESULT,	 // push what the function returns
	CPU,	 // push this CPU's number
	CPUS,	 // push how many there are
	PERCPU,	 // pop a CPU's number, push the offset of its area
	GET,	 // push local a
	LOAD,	 // pop an address, push what lies imm behind it; a: SIZE, SIGNED
	FIELD,	 // push what lies imm behind local b; a: SIZE, SIGNED
	RBFIRST, // pop the address of a struct rb_root, push its first node or 0
	RBNEXT,	 // pop a node, push the next one in order or 0
	NOT,	 // pop, push 1 for 0, and 0
	NEG,	 // pop, push its negative
	ADD,	 // pop two and push one, as all that follow
	SUB,
	MUL,
	DIV, // towards 0, as C does
	AND,
	OR,
	XOR,
	SHL,
	SHR, // of a number without sign
	EQ,
	NE,
	LT,
	LE,
	GT,
	GE,
	OPS,
};

enum { HEAD = 8, WIDE = 8, VERSION = 1, SIZE = 0x0f, SIGNED = 0x80 };
struct instruction {
	uint8_t op, a;
	uint16_t b;
	int32_t imm;
};

#endif

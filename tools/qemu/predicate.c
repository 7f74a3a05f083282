// SPDX-License-Identifier: Apache-2.0
//
// The interpreter of predicate.h.  A program: 'P', version, terms, 0, instructions (u16), constants
// (u16), then instructions of 8 bytes {op u8, a u8, b u16, imm i32}, then constants of 8 bytes; all
// little endian, as the hosts are.  Values are 64 bits and wrap; comparisons are signed.
#include "predicate.h"

#include <string.h>

#include "predicate_memory.h"

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
// struct rb_node of include/linux/rbtree_types.h: parent with the colour in its low bits, children
enum { RB_PARENT = 0, RB_RIGHT = 8, RB_LEFT = 16, RB_COLOUR = 3 };

struct instruction {
	uint8_t op, a;
	uint16_t b;
	int32_t imm;
};

// Bytes from `low` behind a local on, which KEEP has found.
struct window {
	const uint8_t *bytes;
	int32_t low;
	uint32_t size;
};

struct run {
	const struct predicate_program *program;
	struct predicate_look *look;
	int64_t stack[PREDICATE_STACK], local[PREDICATE_LOCALS];
	struct window window[PREDICATE_LOCALS];
	unsigned depth, fuel;
	bool lost; // the run ends with UNKNOWN
};

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

static int64_t number(uint64_t value, unsigned how)
{
	unsigned shift = 64 - 8 * (how & SIZE);

	if (how & SIGNED)
		return (int64_t)(value << shift) >> shift;
	return (int64_t)value;
}

static int64_t load(struct run *run, uint64_t address, unsigned how)
{
	uint64_t value = 0;

	if (!memory_number(run->look, address, how & SIZE, &value))
		run->lost = true;
	return number(value, how);
}

static int64_t field(struct run *run, const struct instruction *in)
{
	const struct window *window = &run->window[in->b];
	uint64_t behind = (uint64_t)((int64_t)in->imm - window->low);
	unsigned size = in->a & SIZE;

	if (behind < window->size && size <= window->size - behind)
		return number(memory_at(window->bytes + behind, size), in->a);
	return load(run, (uint64_t)run->local[in->b] + (uint64_t)(int64_t)in->imm, in->a);
}

static void keep(struct run *run, const struct instruction *in)
{
	uint64_t address = (uint64_t)run->local[in->a] + (uint64_t)(int64_t)in->imm;
	unsigned forgotten = run->look->forgotten;
	const uint8_t *bytes = memory_keep(run->look, address, in->b);

	if (run->look->forgotten != forgotten)
		memset(run->window, 0, sizeof run->window);
	if (bytes)
		run->window[in->a] = (struct window){bytes, in->imm, in->b};
	else
		run->lost = true;
}

static void set(struct run *run, unsigned local, int64_t value)
{
	run->local[local] = value;
	run->window[local].size = 0;
}

static uint64_t pointer(struct run *run, uint64_t address)
{
	if (!run->fuel) {
		run->lost = true;
		return 0;
	}
	run->fuel--;
	return (uint64_t)load(run, address, 8);
}

static uint64_t leftmost(struct run *run, uint64_t node)
{
	while (node && !run->lost) {
		uint64_t left = pointer(run, node + RB_LEFT);

		if (!left)
			break;
		node = left;
	}
	return node;
}

static uint64_t after(struct run *run, uint64_t node)
{
	uint64_t right = pointer(run, node + RB_RIGHT), parent;

	if (right)
		return leftmost(run, right);
	for (;;) {
		parent = pointer(run, node + RB_PARENT) & ~(uint64_t)RB_COLOUR;
		if (run->lost || !parent || pointer(run, parent + RB_RIGHT) != node)
			return parent;
		node = parent;
	}
}

static int64_t pop(struct run *run)
{
	if (!run->depth) {
		run->lost = true;
		return 0;
	}
	return run->stack[--run->depth];
}

static void push(struct run *run, int64_t value)
{
	if (run->depth == PREDICATE_STACK)
		run->lost = true;
	else
		run->stack[run->depth++] = value;
}

static int64_t quotient(struct run *run, int64_t left, int64_t right)
{
	if (!right || (left == INT64_MIN && right == -1)) {
		run->lost = true;
		return 0;
	}
	return left / right;
}

static int64_t binary(struct run *run, unsigned op, int64_t left, int64_t right)
{
	uint64_t a = (uint64_t)left, b = (uint64_t)right;

	switch (op) {
	case ADD:
		return (int64_t)(a + b);
	case SUB:
		return (int64_t)(a - b);
	case MUL:
		return (int64_t)(a * b);
	case DIV:
		return quotient(run, left, right);
	case AND:
		return left & right;
	case OR:
		return left | right;
	case XOR:
		return left ^ right;
	case SHL:
		return (int64_t)(a << (b & 63));
	case SHR:
		return (int64_t)(a >> (b & 63));
	case EQ:
		return left == right;
	case NE:
		return left != right;
	case LT:
		return left < right;
	case LE:
		return left <= right;
	case GT:
		return left > right;
	default:
		return left >= right;
	}
}

static int64_t area(struct run *run, int64_t cpu)
{
	if (cpu < 0 || cpu >= (int64_t)run->look->cpus) {
		run->lost = true;
		return 0;
	}
	return (int64_t)run->look->per_cpu[cpu];
}

static int64_t pushed(struct run *run, const struct instruction *in)
{
	const struct predicate_look *look = run->look;
	int64_t value;

	switch (in->op) {
	case SMALL:
		return in->imm;
	case CONST:
		memcpy(&value, run->program->constants + WIDE * in->b, WIDE);
		return value;
	case REG:
		return (int64_t)look->registers[in->a];
	case RESULT:
		return (int64_t)look->result;
	case CPU:
		return look->cpu;
	case CPUS:
		return look->cpus;
	case PERCPU:
		return area(run, pop(run));
	case GET:
		return run->local[in->a];
	case LOAD:
		return load(run, (uint64_t)pop(run) + (uint64_t)(int64_t)in->imm, in->a);
	case FIELD:
		return field(run, in);
	case RBFIRST:
		return (int64_t)leftmost(run, pointer(run, (uint64_t)pop(run)));
	case RBNEXT:
		return (int64_t)after(run, (uint64_t)pop(run));
	case NOT:
		return !pop(run);
	case NEG:
		return (int64_t)-(uint64_t)pop(run);
	default:
		value = pop(run);
		return binary(run, in->op, pop(run), value);
	}
}

// What changes something else than the stack; says where to go on.
static unsigned moved(struct run *run, const struct instruction *in, unsigned next)
{
	switch (in->op) {
	case SET:
		set(run, in->a, pop(run));
		return next;
	case KNOWN:
		if (!(run->look->bound >> in->b & 1))
			return next;
		set(run, in->a, run->look->name[in->b]);
		return (unsigned)in->imm;
	case BIND:
		run->look->name[in->b] = run->local[in->a];
		run->look->bound |= 1u << in->b;
		return next;
	case KEEP:
		keep(run, in);
		return next;
	case TERM:
		run->look->term[in->a] = pop(run);
		push(run, run->look->term[in->a]);
		return next;
	case JUMP:
		return (unsigned)in->imm;
	default:
		return pop(run) ? next : (unsigned)in->imm;
	}
}

enum predicate_end predicate_run(const struct predicate_program *program,
				 struct predicate_look *look)
{
	struct run run;
	struct instruction in;
	unsigned at = 0;

	run.program = program;
	run.look = look;
	run.depth = 0;
	run.fuel = PREDICATE_FUEL;
	run.lost = false;
	memset(run.local, 0, sizeof run.local);
	memset(run.window, 0, sizeof run.window);
	memset(look->term, 0, sizeof look->term);
	while (run.fuel && at < program->instructions) {
		run.fuel--;
		memcpy(&in, program->code + WIDE * at++, WIDE);
		if (in.op == END || in.op == GIVEN) {
			bool holds = pop(&run);

			if (run.lost)
				return PREDICATE_UNKNOWN;
			if (in.op == END)
				return holds ? PREDICATE_HOLDS : PREDICATE_FAILS;
			if (!holds)
				return PREDICATE_IDLE;
			continue;
		}
		if (in.op >= SET && in.op <= UNLESS)
			at = moved(&run, &in, at);
		else
			push(&run, pushed(&run, &in));
		if (run.lost)
			return PREDICATE_UNKNOWN;
	}
	return PREDICATE_UNKNOWN;
}

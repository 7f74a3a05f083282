// SPDX-License-Identifier: Apache-2.0
//
// The interpreter of predicate.h, for the programs of predicate_code.h.
#include "predicate.h"

#include <string.h>

#include "predicate_code.h"
#include "predicate_memory.h"

// struct rb_node of include/linux/rbtree_types.h: parent with the colour in its low bits, children
enum { RB_PARENT = 0, RB_RIGHT = 8, RB_LEFT = 16, RB_COLOUR = 3 };

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

/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of a BPF object that can be read and set by name. */
#ifndef KTSTR_LOADER_GLOBALS_H
#define KTSTR_LOADER_GLOBALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* A global variable, or a member of sched_ext_ops, at its place in this process's memory. */
struct global {
	const char *name;
	const struct btf *btf;
	const struct btf_type *type; /* modifiers and typedefs resolved */
	void *data;
	size_t size;
	bool is_const; /* cannot change once the object is loaded */
};

/* Finds `NAME`, or the member of every sched_ext_ops that `ops.NAME` names. Returns how many there
 * are in `found` (at most `max`); 0 when there is none.
 */
size_t globals_find(const struct bpf_object *object, const char *name, struct global *found,
		    size_t max);

/* Calls `visit` with every global variable, in the object's order. */
void globals_visit(const struct bpf_object *object,
		   void (*visit)(const struct global *global, void *context), void *context);

/* Parses `text` into the variable: an integer of any base C knows, or "possible_cpus" for the
 * machine's number of them; true or false; a string for a char array. Returns NULL, or in words
 * what is wrong with the text.
 */
const char *global_set(const struct global *global, const char *text);

/* From now on "possible_cpus" is this number, where an object is only checked and no guest is
 * there. */
void globals_assume_cpus(int cpus);

/* Parses an unsigned number as global_set does. */
bool global_read_count(const char *text, uint64_t *count);

/* Writes the variable's value as global_set takes it; false for a type that has no such form. */
bool global_format(const struct global *global, char *text, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's own memory, and ways to go through it. */
#ifndef KTSTR_WORKER_MEMORY_H
#define KTSTR_WORKER_MEMORY_H

#include "worker.h"

#define MEMORY_PAGE 4096

/* Maps @kib KiB as w->memory; a negative errno if the kernel refuses. */
int memory_reserve(struct worker *w, int64_t kib);

/* Has the kernel give each page: one byte of it, since in virtual time filling all is dear. */
void memory_touch(char *memory, size_t size);

/* memory_reserve() and memory_touch(). */
int memory_map(struct worker *w, int64_t kib);

/* memory_map() for all of a group but number 0. */
int memory_map_matrices(struct worker *w, int64_t kib);

/* Reads, changes and writes every @stride-th byte, @count of them, going on where it was. */
void memory_walk(struct worker *w, uint64_t count, uint64_t stride);

/* The same for the whole of it, from its beginning. */
void memory_pass(struct worker *w, uint64_t stride);

/* Three square matrices within w->memory: the third becomes the product of the others. */
void memory_multiply(struct worker *w);

#endif

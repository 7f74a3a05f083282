/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel's types (BTF), read once for this process.
 *
 * libbpf reads and checks all of them for each object that it loads, and looks through all of them
 * for each name: millions of instructions. The linker's --wrap gives libbpf's calls, and our own,
 * to this file.
 */
#ifndef KTSTR_LOADER_KERNEL_TYPES_H
#define KTSTR_LOADER_KERNEL_TYPES_H

/* Reads them ahead of the first load, and finds names in them fast from then on. Where they cannot
 * be read, the load tries again, and says why.
 */
void kernel_types_read(void);

#endif

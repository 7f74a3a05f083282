// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the plugin uses of QEMU's interface for TCG plugins (docs/devel/tcg-plugins of QEMU 10.0 and
// 11.1), at levels 4 to 6 and at 7, where callbacks have a datum of their own. Debian packages no
// header of it.
//
// Not used on purpose, as with one thread for all vCPUs they are those of the vCPU that translated
// the block: the vCPU's number that callbacks of execution get, and scoreboards.
#ifndef PROBES_QEMU_H
#define PROBES_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef QP_LEVEL
#define QP_LEVEL 4
#endif
#define EXPORT __attribute__((visibility("default")))

// Two containers of GLib that the interface passes about.
typedef struct {
	uint8_t *data;
	unsigned len;
} GByteArray;
typedef struct {
	char *data;
	unsigned len;
} GArray;
GByteArray *g_byte_array_new(void);
GByteArray *g_byte_array_set_size(GByteArray *array, unsigned size);
unsigned g_array_get_element_size(GArray *array);

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_register;

enum { QP_READS_NOTHING, QP_READS_REGISTERS };
enum { QP_LOADS = 1, QP_STORES };

// An element of qemu_plugin_get_registers(), which is longer at later levels: step by its size.
struct qp_register {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
};

typedef void qp_exec(unsigned translator, void *data);
typedef void qp_access(unsigned translator, uint32_t what, uint64_t address, void *data);
#if QP_LEVEL < 7
typedef void qp_vcpu(uint64_t id, unsigned vcpu);
typedef void qp_translate(uint64_t id, struct qemu_plugin_tb *tb);
typedef void qp_end(uint64_t id, void *data);
int qemu_plugin_register_vcpu_init_cb(uint64_t id, qp_vcpu *call);
int qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qp_translate *call);
#else
typedef void qp_vcpu(unsigned vcpu, void *data);
typedef void qp_translate(struct qemu_plugin_tb *tb, void *data);
typedef void qp_end(void *data);
int qemu_plugin_register_vcpu_init_cb(uint64_t id, qp_vcpu *call, void *data);
int qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qp_translate *call, void *data);
#endif
int qemu_plugin_register_atexit_cb(uint64_t id, qp_end *call, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qp_exec *call, int flags,
					    void *data);

void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qp_exec *call, int flags,
					  void *data);

void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qp_access *call, int flags,
				      int which, void *data);
unsigned qemu_plugin_mem_size_shift(uint32_t what);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t number);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t size);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

GArray *qemu_plugin_get_registers(void);
#if QP_LEVEL < 6
int qemu_plugin_read_register(struct qemu_plugin_register *handle, GByteArray *to);
#else
bool qemu_plugin_read_register(struct qemu_plugin_register *handle, GByteArray *to);
#endif
bool qemu_plugin_read_memory_vaddr(uint64_t address, GByteArray *to, size_t size);

// QEMU's own, which it exports to its modules (accel/tcg/icount-common.c, hw/core/cpu-common.c):
// the vCPU that runs in this thread, and the count of instructions that is the guest's time.
// Weak, so that a process which is no QEMU can load what does not need it.
extern __thread void *current_cpu __attribute__((weak));
void icount_update(void *cpu);
int64_t icount_get(void);
int64_t icount_to_ns(int64_t instructions);
// A vCPU by its number, and a register of one, whoever runs (gdbstub/gdbstub.c).
void *qemu_get_cpu(int number);
int gdb_read_register(void *cpu, GByteArray *to, int number);
// Guests' memory in its blocks, and code translated from it (accel/tcg/tb-maint.c).
int qemu_ram_foreach_block(int (*call)(void *block, void *data), void *data);
uint64_t qemu_ram_get_offset(void *block);
#if QP_LEVEL < 7
void tb_invalidate_phys_range(uint64_t first, uint64_t last);
#else
void tb_invalidate_phys_range(void *cpu, uint64_t first, uint64_t last);
#endif

// Memory of the machine by the name of its backend (system/physmem.c).
void *qemu_ram_block_by_name(const char *name) __attribute__((weak));
void *qemu_ram_get_host_addr(void *block) __attribute__((weak));
uint64_t qemu_ram_get_used_length(void *block) __attribute__((weak));

#endif

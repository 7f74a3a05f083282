/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What a scheduler tells its loader when it is gone: one record in the ring buffer
 * `scx_exit_events`. Shared by BPF programs and scx-loader.
 */
#ifndef KTSTR_SCX_EXIT_EVENT_H
#define KTSTR_SCX_EXIT_EVENT_H

#define SCX_EXIT_REASON_LEN 128
#define SCX_EXIT_MSG_LEN 1024
/* Four times the kernel's default, for guests with many CPUs. */
#define SCX_EXIT_DUMP_LEN (128 << 10)
/* A ring buffer's size is a power of two; one record and its header must fit. */
#define SCX_EXIT_RING_LEN (256 << 10)

/* The strings end in a NUL; they are the members of the same name of struct scx_exit_info. */
struct scx_exit_event {
	int kind;
	long long exit_code;
	char reason[SCX_EXIT_REASON_LEN];
	char msg[SCX_EXIT_MSG_LEN];
	char dump[SCX_EXIT_DUMP_LEN];
};

#endif

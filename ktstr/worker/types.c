// SPDX-License-Identifier: Apache-2.0
/* The work types by the names that ktstr/model/work_types.py gives them. */
#include <string.h>

#include "worker.h"

/* What a ktstr_worker target adds; see custom.h. */
extern const struct work_type custom_work __attribute__((weak));

static const struct work_type *const TYPES[] = {
	&cpu_spin,
	&yield_heavy,
	&mixed,
	&bursty,
	&idle_churn,
	&pipe_io,
	&futex_ping_pong,
	&io_sync,
	&io_sync_write,
	&io_rand_read,
	&io_convoy,
	&cache_pressure,
	&cache_yield,
	&cache_pipe,
	&futex_fan_out,
	&fan_out_compute,
	&sequence,
	&fork_exit,
	&nice_sweep,
	&affinity_churn,
	&cross_affinity_churn,
	&policy_churn,
	&cgroup_churn,
	&page_fault_churn,
	&numa_migration_churn,
	&numa_working_set_sweep,
	&mutex_contention,
	&priority_inversion,
	&alu_hot,
	&smt_sibling_spin,
	&ipc_variance,
	&asymmetric_waker,
	&wake_chain,
	&epoll_storm,
	&thundering_herd,
	&producer_consumer_imbalance,
	&signal_storm,
	&preempt_storm,
	&rt_starvation,
	&schbench,
	&taobench,
	&custom_work,
};

const struct work_type *work_type_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
		if (TYPES[i] && !strcmp(TYPES[i]->name, name))
			return TYPES[i];
	}
	return NULL;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * What the recorder's programs have missed, by the kernel's own counts: a program does not run
 * where it runs already on that CPU, nor a kprobe within another, and a kretprobe has but so many
 * calls at a time.
 */
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "ktstr/sampler/recorder.h"

/* Of each target, at its entries and returns; 0: none, as that is the standard input. */
static int links[RECORDING_TARGETS][2];

void keep_link(__u32 target, bool returns, int link)
{
	links[target][returns] = link;
}

static __u64 missed_by_program(int program)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	return bpf_prog_get_info_by_fd(program, &info, &size) ? 0 : info.recursion_misses;
}

static __u64 missed_by_link(int link)
{
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);
	__u64 missed;
	int program;

	if (!link || bpf_link_get_info_by_fd(link, &info, &size))
		return 0;
	/* its program stands elsewhere, too, and is counted once */
	if (info.type == BPF_LINK_TYPE_PERF_EVENT)
		return info.perf_event.kprobe.missed;
	program = bpf_prog_get_fd_by_id(info.prog_id);
	if (program < 0)
		return 0;
	missed = missed_by_program(program);
	close(program);
	return missed;
}

void count_missed(const struct bpf_object *object, struct target *targets, __u32 count,
		  struct recording_state *state)
{
	struct bpf_program *program;

	for (__u32 i = 0; i < count; i++) {
		targets[i].missed = (__u32)missed_by_link(links[i][false]);
		targets[i].missed_returns = (__u32)missed_by_link(links[i][true]);
	}
	bpf_object__for_each_program(program, object) {
		__u64 missed = missed_by_program(bpf_program__fd(program));

		if (!strcmp(bpf_program__name(program), "on_probed_return"))
			state->missed_returns += missed;
		else if (!strncmp(bpf_program__section_name(program), "tp_btf/", 7))
			state->missed_events += missed;
		else
			state->missed += missed;
	}
}

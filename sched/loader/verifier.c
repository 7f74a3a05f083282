// SPDX-License-Identifier: Apache-2.0
#include "verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_STATS 4 /* BPF_LOG_STATS of include/linux/bpf_verifier.h, since Linux 5.2 */
#define LOG_SIZE 16384

static void print_log(const char *program, char *log);

bool verifier_ask(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		char *log = calloc(1, LOG_SIZE);

		if (!log || bpf_program__set_log_buf(program, log, LOG_SIZE)) {
			fprintf(stderr, "scx-loader: no memory for the verifier's log\n");
			free(log);
			return false;
		}
		bpf_program__set_log_level(program, LOG_STATS);
	}
	return true;
}

void verifier_end(struct bpf_object *object, bool told)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		size_t size;
		char *log = (char *)bpf_program__log_buf(program, &size);

		if (log && told)
			print_log(bpf_program__name(program), log);
		bpf_program__set_log_buf(program, NULL, 0);
		free(log);
	}
}

static void print_log(const char *program, char *log)
{
	char *rest = log;
	const char *line;

	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			printf("verified %s %s\n", program, line);
	}
}

// SPDX-License-Identifier: Apache-2.0
/* scx_cells: makes each child of a cgroup a cell with CPUs of its own, for as long as it runs.
 *
 * Its main loop waits until cgroups or cpusets change, and divides the CPUs anew.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "sched/cells/division.h"
#include "sched/cells/tree.h"
#include "sched/include/scx_exit_event.h"

static const char usage[] =
	"usage: scx_cells OBJECT --parent CGROUP [--config FILE] [--needs-cell-0]\n"
	"  OBJECT          the BPF object\n"
	"  --parent        the cgroup whose children are cells, a path below /sys/fs/cgroup\n"
	"  --config        lines `NAME CPUS`: how many CPUs cells without a cpuset get\n"
	"  --needs-cell-0  a fault: gives up where cpusets leave no CPU to cell 0, instead of "
	"taking\n"
	"                  the last one back\n";

struct options {
	const char *object, *parent, *config;
	bool needs_cell_0;
};

/* The loaded scheduler. `before`: the cgroups that were cells so far. */
struct scheduler {
	struct bpf_object *object;
	struct bpf_link *link;
	struct ring_buffer *exits;
	int layout, cells;
	uint64_t before[MAX_CELLS];
	unsigned int nr_before;
	bool gone;
};

static bool parse(int argc, char **argv, struct options *options);
static bool load(struct scheduler *scheduler, const char *path);
static int take_exit(void *context, void *data, size_t size);
static int main_loop(struct scheduler *scheduler, struct tree *tree, const struct options *options);
static bool look(struct scheduler *scheduler, const struct tree *tree,
		 const struct options *options);
static bool tell(struct scheduler *scheduler, const struct cell *cells, unsigned int nr_cells,
		 const struct cells_layout *layout);
static bool give_up(const char *format, ...);

int main(int argc, char **argv)
{
	struct options options = {};
	struct scheduler scheduler = {};
	struct tree tree;
	int status;

	if (!parse(argc, argv, &options)) {
		fputs(usage, stderr);
		return 1;
	}
	if (!tree_open(&tree, options.parent, options.config) || !load(&scheduler, options.object))
		return 1;
	status = main_loop(&scheduler, &tree, &options);
	bpf_link__destroy(scheduler.link);
	ring_buffer__poll(scheduler.exits, 0);
	ring_buffer__free(scheduler.exits);
	bpf_object__close(scheduler.object);
	return status;
}

static bool parse(int argc, char **argv, struct options *options)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--needs-cell-0"))
			options->needs_cell_0 = true;
		else if (!strcmp(argv[i], "--parent") && i + 1 < argc)
			options->parent = argv[++i];
		else if (!strcmp(argv[i], "--config") && i + 1 < argc)
			options->config = argv[++i];
		else if (argv[i][0] != '-' && !options->object)
			options->object = argv[i];
		else
			return false;
	}
	if (options->config && access(options->config, R_OK)) {
		fprintf(stderr, "scx_cells: cannot read %s: %s\n", options->config,
			strerror(errno));
		return false;
	}
	return options->object && options->parent;
}

static bool load(struct scheduler *scheduler, const char *path)
{
	struct bpf_map *ops;

	scheduler->object = bpf_object__open_file(path, NULL);
	if (!scheduler->object || bpf_object__load(scheduler->object)) {
		fprintf(stderr, "scx_cells: cannot load %s: %s\n", path, strerror(errno));
		return false;
	}
	scheduler->layout = bpf_object__find_map_fd_by_name(scheduler->object, "layout");
	scheduler->cells = bpf_object__find_map_fd_by_name(scheduler->object, "cells");
	scheduler->exits = ring_buffer__new(
		bpf_object__find_map_fd_by_name(scheduler->object, "scx_exit_events"), take_exit,
		scheduler, NULL);
	ops = bpf_object__find_map_by_name(scheduler->object, "cells_ops");
	if (scheduler->layout < 0 || scheduler->cells < 0 || !scheduler->exits || !ops) {
		fprintf(stderr, "scx_cells: %s is not the object of this program\n", path);
		return false;
	}
	scheduler->link = bpf_map__attach_struct_ops(ops);
	if (!scheduler->link)
		fprintf(stderr, "scx_cells: cannot attach: %s\n", strerror(errno));
	return scheduler->link;
}

/* The form of UEI_REPORT in the kernel's tools/sched_ext/include/scx/user_exit_info.h. */
static int take_exit(void *context, void *data, size_t size)
{
	struct scheduler *scheduler = context;
	const struct scx_exit_event *event = data;

	scheduler->gone = true;
	if (size < sizeof(*event))
		return 0;
	if (event->dump[0])
		fprintf(stderr, "\nDEBUG DUMP\n%s\n%s\n%s\n", "=====", event->dump, "=====");
	fprintf(stderr, "EXIT: %s%s%s%s\n", event->reason, event->msg[0] ? " (" : "", event->msg,
		event->msg[0] ? ")" : "");
	return 0;
}

/* Ends with the program's exit status, when it is told to go, the kernel throws the scheduler out,
 * or it gives up.
 */
static int main_loop(struct scheduler *scheduler, struct tree *tree, const struct options *options)
{
	sigset_t ends;
	struct pollfd wait[3];

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	wait[0] = (struct pollfd){.fd = signalfd(-1, &ends, SFD_CLOEXEC), .events = POLLIN};
	wait[1] = (struct pollfd){.fd = tree->changes, .events = POLLIN};
	wait[2] = (struct pollfd){.fd = ring_buffer__epoll_fd(scheduler->exits), .events = POLLIN};
	for (;;) {
		if (!look(scheduler, tree, options))
			return 1;
		if (poll(wait, 3, -1) < 0 && errno != EINTR)
			return 1;
		if (wait[0].revents)
			return 0;
		ring_buffer__poll(scheduler->exits, 0);
		if (scheduler->gone)
			return 1;
	}
}

/* Reads which cells there are, and divides the CPUs among them. */
static bool look(struct scheduler *scheduler, const struct tree *tree,
		 const struct options *options)
{
	struct cell cells[MAX_CELLS - 1];
	struct cells_layout layout = {.level = tree_level(options->parent)};
	int nr_cells;

	tree_drain(tree);
	layout.nr_cpus = libbpf_num_possible_cpus();
	if (layout.nr_cpus > MAX_CPUS)
		return give_up("there are %u CPUs, and it knows %d at most", layout.nr_cpus,
			       MAX_CPUS);
	nr_cells = tree_read(tree, cells);
	if (nr_cells < 0)
		return give_up("the parent of the cells is gone");
	if (nr_cells > MAX_CELLS - 1)
		return give_up("there are %d cells, and it knows %d at most", nr_cells,
			       MAX_CELLS - 1);
	if (!divide(cells, nr_cells, &layout)) {
		if (options->needs_cell_0)
			return give_up("cell 0 has no CPUs (%u CPUs, all of them in the cpusets of "
				       "%d cells)",
				       layout.nr_cpus, nr_cells);
		layout.cell_of_cpu[layout.nr_cpus - 1] = 0;
	}
	return tell(scheduler, cells, nr_cells, &layout);
}

static bool tell(struct scheduler *scheduler, const struct cell *cells, unsigned int nr_cells,
		 const struct cells_layout *layout)
{
	unsigned int i, zero = 0;

	for (i = 0; i < scheduler->nr_before; i++)
		bpf_map_delete_elem(scheduler->cells, &scheduler->before[i]);
	for (i = 0; i < nr_cells; i++) {
		unsigned int cell = i + 1;

		scheduler->before[i] = cells[i].id;
		if (bpf_map_update_elem(scheduler->cells, &cells[i].id, &cell, BPF_ANY))
			return give_up("cell %s cannot be told: %s", cells[i].name,
				       strerror(errno));
	}
	scheduler->nr_before = nr_cells;
	if (bpf_map_update_elem(scheduler->layout, &zero, layout, BPF_ANY))
		return give_up("the layout cannot be told: %s", strerror(errno));
	return true;
}

/* Says why the main loop ends, as a chain of causes; returns false. */
static bool give_up(const char *format, ...)
{
	va_list arguments;

	fputs("Error: in the main loop\n\nCaused by:\n    0: dividing the CPUs among cells\n    "
	      "1: ",
	      stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return false;
}

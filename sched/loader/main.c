// SPDX-License-Identifier: Apache-2.0
/* scx-loader: loads and attaches a sched_ext scheduler written in BPF C, keeps it attached until it
 * is told to go or the kernel ejects it, and reports how it ended.
 *
 * Standard output is for programs, one record per line:
 *     verified PROGRAM WORDS (of the verifier, with --verifier)
 *     attached ops=NAME
 *     stat NAME=VALUE
 *     exit kind=N kind_name=NAME code=N reason="TEXT" msg="TEXT"
 *     dump-begin ... dump-end
 * Standard error carries libbpf's messages and the verifier's log. With --wait the first record is
 * `ready`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include "control.h"
#include "globals.h"
#include "kernel_types.h"
#include "session.h"
#include "waiting.h"

static const char usage[] =
	"usage: scx-loader OBJECT [--set NAME=VALUE]... [--control] [--verifier]\n"
	"       scx-loader OBJECT [--set NAME=VALUE]... --check OPS\n"
	"       scx-loader --wait\n"
	"  --set      a global variable of the object, NAME[] for the length of a\n"
	"             RESIZABLE_ARRAY, or ops.MEMBER of its sched_ext_ops; a number may be\n"
	"             possible_cpus\n"
	"  --control  takes `set NAME VALUE`, `get NAME`, `stat` and `quit` on standard input\n"
	"  --verifier prints the verifier's figures of each program\n"
	"  --check    only checks that the object opens, takes every --set and has these ops,\n"
	"             a name in which * stands for any text\n"
	"  --wait     reads the kernel's types, and then takes one of these command lines on\n"
	"             standard input, behind a line with the number of its bytes: each argument\n"
	"             with a NUL at its end\n"
	"exit: 0 detached, 1 usage, 2 not loaded, 3 ejected by the kernel, 4 not attached\n";

struct options {
	const char *object;
	char **settings; /* NAME=VALUE, NULL at the end */
	bool control;
	bool verifier;
	const char *check; /* the ops' name, or NULL */
};

static bool parse(int argc, char **argv, struct options *options);
static bool apply_settings(struct session *session, char **settings);
static enum outcome play(const struct options *options);
static enum outcome run(struct session *session, const struct options *options);
static enum outcome serve(struct session *session, int signals, bool control);
static void rise_above_sched_ext(void);
static bool watch(int epoll, int fd);
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments);

int main(int argc, char **argv)
{
	struct options options = {};
	enum outcome outcome;

	if (argc == 2 && !strcmp(argv[1], "--wait")) {
		libbpf_set_print(NULL);
		kernel_types_read();
		outcome = wait_for_arguments(STDIN_FILENO, &argc, &argv);
		if (outcome != OUTCOME_NONE)
			return outcome;
	}
	options.settings = calloc(argc + 1, sizeof(char *));
	if (!options.settings || !parse(argc, argv, &options)) {
		fputs(usage, stderr);
		free(options.settings);
		return OUTCOME_USAGE;
	}
	libbpf_set_print(print_libbpf);
	if (options.check)
		globals_assume_cpus(1);
	outcome = play(&options);
	if (outcome == OUTCOME_NOT_LOADED && options.verifier) {
		/* Who asks the verifier for figures is not told what it read. */
		fputs("scx-loader: once more, for the verifier's whole log\n", stderr);
		options.verifier = false;
		outcome = play(&options);
	}
	free(options.settings);
	return outcome;
}

static bool parse(int argc, char **argv, struct options *options)
{
	size_t nr_settings = 0;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--control")) {
			options->control = true;
		} else if (!strcmp(argv[i], "--verifier")) {
			options->verifier = true;
		} else if (!strcmp(argv[i], "--set") && i + 1 < argc) {
			options->settings[nr_settings++] = argv[++i];
		} else if (!strcmp(argv[i], "--check") && i + 1 < argc) {
			options->check = argv[++i];
		} else if (argv[i][0] != '-' && !options->object) {
			options->object = argv[i];
		} else {
			fprintf(stderr, "scx-loader: unexpected argument %s\n", argv[i]);
			return false;
		}
	}
	if (!options->object)
		fprintf(stderr, "scx-loader: no object file given\n");
	return options->object;
}

static bool apply_settings(struct session *session, char **settings)
{
	for (; *settings; settings++) {
		char text[SESSION_ERROR_MAX];
		char *value = strchr(*settings, '=');

		if (!value || value == *settings) {
			fprintf(stderr, "scx-loader: --set %s: not NAME=VALUE\n", *settings);
			return false;
		}
		*value = '\0';
		if (!session_set(session, *settings, value + 1, text)) {
			fprintf(stderr, "scx-loader: --set: %s\n", text);
			return false;
		}
		*value = '='; /* for another load */
	}
	return true;
}

/* From the object file to the scheduler's end. */
static enum outcome play(const struct options *options)
{
	struct session *session = NULL;
	enum outcome outcome = session_open(options->object, &session), ended;

	if (outcome == OUTCOME_NONE && !apply_settings(session, options->settings))
		outcome = OUTCOME_USAGE;
	if (outcome == OUTCOME_NONE && options->check)
		outcome = session_has_ops(session, options->check) ? OUTCOME_CLEAN : OUTCOME_USAGE;
	if (outcome == OUTCOME_NONE)
		outcome = run(session, options);
	ended = session_close(session);
	/* A scheduler may be ejected in the very moment it is told to go. */
	return outcome == OUTCOME_CLEAN && ended != OUTCOME_NONE ? ended : outcome;
}

static enum outcome run(struct session *session, const struct options *options)
{
	enum outcome outcome;
	sigset_t mask;
	int signals;

	/* Blocked before the attachment, so that no signal can leave a scheduler unreported. */
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signals = signalfd(-1, &mask, SFD_CLOEXEC);
	if (signals < 0) {
		perror("scx-loader: signalfd");
		return OUTCOME_NOT_ATTACHED;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	rise_above_sched_ext();
	outcome = session_attach(session, options->verifier);
	/* With --wait the stream was in use before, and keeps what it has. */
	fflush(stdout);
	if (outcome == OUTCOME_NONE)
		outcome = serve(session, signals, options->control);
	close(signals);
	return outcome;
}

/* Waits for the first of: a signal, a command to quit, the scheduler's end. */
static enum outcome serve(struct session *session, int signals, bool control)
{
	struct control commands = {};
	enum outcome outcome = OUTCOME_NONE;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || !watch(epoll, signals) || !watch(epoll, session_exit_fd(session)) ||
	    (control && !watch(epoll, STDIN_FILENO))) {
		perror("scx-loader: cannot wait for events (--control needs a pipe or terminal)");
		outcome = OUTCOME_USAGE;
	}
	while (outcome == OUTCOME_NONE) {
		struct epoll_event event;

		if (epoll_wait(epoll, &event, 1, -1) < 0)
			continue;
		if (event.data.fd == signals)
			outcome = OUTCOME_CLEAN;
		else if (event.data.fd == STDIN_FILENO)
			outcome = control_read(&commands, STDIN_FILENO, session) ? OUTCOME_NONE
										 : OUTCOME_CLEAN;
		else
			outcome = session_collect_exit(session);
	}
	if (epoll >= 0)
		close(epoll);
	return outcome;
}

/* A scheduler that does not run its own loader could not be told anything any more. */
static void rise_above_sched_ext(void)
{
	struct sched_param lowest = {.sched_priority = 1};

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest))
		fprintf(stderr,
			"scx-loader: no real-time priority, the scheduler can stall me: %s\n",
			strerror(errno));
}

static bool watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return !epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, format, arguments);
}

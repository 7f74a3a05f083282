// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/bpf.h>
#include "exits.h"
#include "globals.h"
#include "lengths.h"
#include "scx_enums.h"
#include "uei.h"
#include "verifier.h"

#define MAX_OPS 8
#define MAX_TRACING 32
#define TIMEOUT_MS_MAX 30000   /* SCX_WATCHDOG_MAX_TIMEOUT of the kernel's kernel/sched/ext.c */
#define DUMP_LEN_DEFAULT 32768 /* SCX_EXIT_DUMP_DFL_LEN, as well */

struct session {
	struct bpf_object *object;
	struct exits *exits;
	struct ops {
		struct bpf_map *map;
		char name[128]; /* SCX_OPS_NAME_LEN */
		struct bpf_link *link;
	} ops[MAX_OPS];
	size_t nr_ops;
	struct bpf_link *tracing[MAX_TRACING];
	size_t nr_tracing;
	bool loaded;
	enum outcome ended; /* OUTCOME_NONE until the exit record has come */
};

static enum outcome find_ops(struct session *session, const char *path);
static void read_names(struct session *session);
static bool is_acceptable(const struct session *session);
static bool prepare(struct session *session);
static uint32_t largest(const struct session *session, const char *member);
static enum outcome attach_tracing(struct session *session);
static enum outcome attach(struct session *session, struct ops *ops);
static void take_exit(void *context, const struct exit_words *words);
static void print_stat(const struct global *global, void *context);
static void append_name(const struct global *global, void *error);
static void list_variables(const struct session *session, const char *name, char *error);

enum outcome session_open(const char *path, struct session **out)
{
	struct session *session = calloc(1, sizeof(*session));

	*out = session;
	if (!session) {
		fprintf(stderr, "scx-loader: out of memory\n");
		return OUTCOME_NOT_LOADED;
	}
	session->ended = OUTCOME_NONE;
	if (access(path, R_OK)) {
		fprintf(stderr, "scx-loader: cannot read %s: %s\n", path, strerror(errno));
		return OUTCOME_USAGE;
	}
	session->object = bpf_object__open_file(path, NULL);
	if (!session->object) {
		char reason[128];

		libbpf_strerror(-errno, reason, sizeof(reason));
		fprintf(stderr, "scx-loader: %s is no BPF object: %s\n", path, reason);
		return OUTCOME_NOT_LOADED;
	}
	return find_ops(session, path);
}

bool session_set(struct session *session, const char *name, const char *value, char *error)
{
	struct global found[MAX_OPS];
	bool is_length = length_is_meant(name);
	size_t count = is_length ? 1 : globals_find(session->object, name, found, MAX_OPS);
	size_t i;

	if (!count) {
		list_variables(session, name, error);
		return false;
	}
	for (i = 0; i < count; i++) {
		const char *problem;

		if (session->loaded && (is_length || found[i].is_const))
			problem = "it is constant once the scheduler is loaded";
		else if (is_length)
			problem = length_set(session->object, name, value);
		else
			problem = global_set(&found[i], value);
		if (problem) {
			snprintf(error, SESSION_ERROR_MAX, "cannot set %s to \"%s\": %s", name,
				 value, problem);
			return false;
		}
	}
	return true;
}

bool session_get(struct session *session, const char *name, char *value, char *error)
{
	struct global found;

	if (!globals_find(session->object, name, &found, 1)) {
		list_variables(session, name, error);
		return false;
	}
	if (!global_format(&found, value, SESSION_VALUE_MAX)) {
		snprintf(error, SESSION_ERROR_MAX, "%s is no integer, boolean or text", name);
		return false;
	}
	return true;
}

bool session_has_ops(struct session *session, const char *pattern)
{
	size_t i;

	read_names(session);
	for (i = 0; i < session->nr_ops; i++) {
		if (!fnmatch(pattern, session->ops[i].name, 0))
			return true;
	}
	fprintf(stderr, "scx-loader: no sched_ext_ops is named %s; there are:", pattern);
	for (i = 0; i < session->nr_ops; i++)
		fprintf(stderr, " %s", session->ops[i].name);
	fputc('\n', stderr);
	return false;
}

void session_print_stats(const struct session *session)
{
	globals_visit(session->object, print_stat, NULL);
}

enum outcome session_attach(struct session *session, bool verifier)
{
	enum outcome outcome;
	size_t i;
	int err;

	if (!is_acceptable(session) || !prepare(session))
		return OUTCOME_NOT_LOADED;
	read_names(session);
	if (verifier && !verifier_ask(session->object))
		return OUTCOME_NOT_LOADED;
	err = bpf_object__load(session->object);
	if (verifier)
		verifier_end(session->object, !err);
	if (err) {
		fprintf(stderr, "scx-loader: the kernel did not load the scheduler: %s\n",
			strerror(-err));
		return OUTCOME_NOT_LOADED;
	}
	session->loaded = true;
	session->exits = exits_open(session->object, take_exit, session);
	if (!session->exits)
		return OUTCOME_NOT_LOADED;
	outcome = attach_tracing(session);
	for (i = 0; i < session->nr_ops && outcome == OUTCOME_NONE; i++)
		outcome = attach(session, &session->ops[i]);
	return outcome;
}

int session_exit_fd(const struct session *session)
{
	return exits_fd(session->exits);
}

enum outcome session_collect_exit(struct session *session)
{
	exits_read(session->exits);
	return session->ended;
}

enum outcome session_close(struct session *session)
{
	enum outcome ended = OUTCOME_NONE;
	size_t i;

	if (!session)
		return ended;
	/* Returns after ops.exit has run: the record is there. */
	for (i = 0; i < session->nr_ops; i++)
		bpf_link__destroy(session->ops[i].link);
	for (i = 0; i < session->nr_tracing; i++)
		bpf_link__destroy(session->tracing[i]);
	if (session->exits)
		ended = session_collect_exit(session);
	exits_close(session->exits);
	bpf_object__close(session->object);
	free(session);
	return ended;
}

static enum outcome find_ops(struct session *session, const char *path)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, session->object) {
		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		/* Without a link the kernel would keep the scheduler after its loader is gone. */
		if (!(bpf_map__map_flags(map) & BPF_F_LINK)) {
			fprintf(stderr, "scx-loader: %s: %s must be in SEC(\".struct_ops.link\")\n",
				path, bpf_map__name(map));
			return OUTCOME_NOT_LOADED;
		}
		if (session->nr_ops == MAX_OPS) {
			fprintf(stderr, "scx-loader: %s has more than %d struct_ops maps\n", path,
				MAX_OPS);
			return OUTCOME_NOT_LOADED;
		}
		session->ops[session->nr_ops++].map = map;
	}
	if (!session->nr_ops) {
		fprintf(stderr,
			"scx-loader: %s has no sched_ext_ops in SEC(\".struct_ops.link\")\n", path);
		return OUTCOME_NOT_LOADED;
	}
	if (!exits_are_there(session->object)) {
		fprintf(stderr,
			"scx-loader: %s has no map %s: include \"scx.bpf.h\" and call "
			"scx_record_exit() from ops.exit, or <scx/common.bpf.h>, UEI_DEFINE() and "
			"UEI_RECORD()\n",
			path, EXIT_MAP);
		return OUTCOME_NOT_LOADED;
	}
	return OUTCOME_NONE;
}

/* Before the load: it takes the initial values of struct_ops maps away. */
static void read_names(struct session *session)
{
	struct global found[MAX_OPS];
	size_t count = globals_find(session->object, "ops.name", found, MAX_OPS);
	size_t i;

	for (i = 0; i < session->nr_ops; i++) {
		struct ops *ops = &session->ops[i];
		const char *name = i < count ? found[i].data : bpf_map__name(ops->map);

		snprintf(ops->name, sizeof(ops->name), "%s", name);
	}
}

/* What the kernel would refuse with no more than an error number. */
static bool is_acceptable(const struct session *session)
{
	uint32_t timeout_ms = largest(session, "ops.timeout_ms");

	if (timeout_ms > TIMEOUT_MS_MAX) {
		fprintf(stderr, "scx-loader: ops.timeout_ms is %u; the kernel takes %d at most\n",
			timeout_ms, TIMEOUT_MS_MAX);
		return false;
	}
	return true;
}

/* What a scheduler's own user space would do before the load. */
static bool prepare(struct session *session)
{
	if (scx_enums_are_asked(session->object)) {
		struct btf *kernel = btf__load_vmlinux_btf();

		if (!kernel) {
			fprintf(stderr, "scx-loader: the kernel has no BTF: %s\n", strerror(errno));
			return false;
		}
		scx_enums_fill(session->object, kernel);
		btf__free(kernel);
	}
	/* 0 stands for the kernel's default. */
	return uei_make_room(session->object,
			     largest(session, "ops.exit_dump_len") ?: DUMP_LEN_DEFAULT);
}

/* The largest value of a member of 32 bits, `ops.MEMBER`, among the ops; 0 where none has it. */
static uint32_t largest(const struct session *session, const char *member)
{
	struct global found[MAX_OPS];
	size_t count = globals_find(session->object, member, found, MAX_OPS);
	uint32_t value = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		uint32_t each;

		memcpy(&each, found[i].data, sizeof(each));
		value = each > value ? each : value;
	}
	return value;
}

/* Programs beside the ops: tracepoints, kprobes and the like, where their sections say. */
static enum outcome attach_tracing(struct session *session)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, session->object) {
		enum bpf_prog_type type = bpf_program__type(program);
		struct bpf_link *link;

		if (type == BPF_PROG_TYPE_STRUCT_OPS || type == BPF_PROG_TYPE_SYSCALL)
			continue;
		link = session->nr_tracing < MAX_TRACING ? bpf_program__attach(program) : NULL;
		if (!link) {
			fprintf(stderr, "scx-loader: cannot attach program %s: %s\n",
				bpf_program__name(program),
				session->nr_tracing < MAX_TRACING ? strerror(errno)
								  : "too many programs");
			return OUTCOME_NOT_ATTACHED;
		}
		session->tracing[session->nr_tracing++] = link;
	}
	return OUTCOME_NONE;
}

static enum outcome attach(struct session *session, struct ops *ops)
{
	ops->link = bpf_map__attach_struct_ops(ops->map);
	if (!ops->link) {
		fprintf(stderr, "scx-loader: the kernel did not attach %s: %s\n", ops->name,
			strerror(errno));
		return OUTCOME_NOT_ATTACHED;
	}
	/* The kernel reports a failed ops.init as an exit, not as an error. */
	if (session_collect_exit(session) != OUTCOME_NONE)
		return OUTCOME_NOT_ATTACHED;
	printf("attached ops=%s\n", ops->name);
	return OUTCOME_NONE;
}

/* The first end counts. */
static void take_exit(void *context, const struct exit_words *words)
{
	struct session *session = context;

	if (session->ended != OUTCOME_NONE)
		return;
	session->ended = exit_is_clean(words) ? OUTCOME_CLEAN : OUTCOME_EJECTED;
	exit_print(stdout, session->object, words);
}

static void print_stat(const struct global *global, void *context)
{
	char text[SESSION_VALUE_MAX];

	(void)context;
	/* No dumps: a record is one line. */
	if (!global->is_const && !strchr(global->name, '.') && global->size < sizeof(text) &&
	    global_format(global, text, sizeof(text)))
		printf("stat %s=%s\n", global->name, text);
}

static void append_name(const struct global *global, void *error)
{
	size_t used = strlen(error);
	char text[256];

	/* The compiler names a function's static variables FUNCTION.VARIABLE. */
	if (!strchr(global->name, '.') && global_format(global, text, sizeof(text)))
		snprintf((char *)error + used, SESSION_ERROR_MAX - used, " %s", global->name);
}

static void list_variables(const struct session *session, const char *name, char *error)
{
	snprintf(error, SESSION_ERROR_MAX, "no variable %s; there are ops.MEMBER and", name);
	globals_visit(session->object, append_name, error);
}

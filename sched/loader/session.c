// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/bpf.h>
#include "exit_report.h"
#include "globals.h"

#define MAX_OPS 8
#define EXIT_MAP "scx_exit_events"

struct session {
	struct bpf_object *object;
	struct ring_buffer *exits;
	struct bpf_link *links[MAX_OPS];
	size_t nr_links;
	bool loaded;
	enum outcome ended; /* OUTCOME_NONE until the exit record has come */
};

static enum outcome check_object(const struct session *session, const char *path);
static const char *ops_name(const struct session *session, const struct bpf_map *map);
static bool is_ops(const struct bpf_map *map);
static int on_exit_record(void *context, void *data, size_t size);
static void print_stat(const struct global *global, void *context);
static void list_name(const struct global *global, void *context);

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
		fprintf(stderr, "scx-loader: %s is no BPF object: %s\n", path, strerror(errno));
		return OUTCOME_NOT_LOADED;
	}
	return check_object(session, path);
}

bool session_set(struct session *session, const char *name, const char *value, FILE *error)
{
	struct global found[MAX_OPS];
	size_t count = globals_find(session->object, name, found, MAX_OPS);
	size_t i;

	if (!count) {
		fprintf(error, "no variable %s; there are ops.MEMBER and", name);
		globals_visit(session->object, list_name, error);
		return false;
	}
	for (i = 0; i < count; i++) {
		const char *problem;

		if (session->loaded && found[i].is_const)
			problem = "it is constant once the scheduler is loaded";
		else
			problem = global_set(&found[i], value);
		if (problem) {
			fprintf(error, "cannot set %s to \"%s\": %s", name, value, problem);
			return false;
		}
	}
	return true;
}

bool session_has_ops(const struct session *session, const char *name)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, session->object)
	{
		if (is_ops(map) && !strcmp(ops_name(session, map), name))
			return true;
	}
	fprintf(stderr, "scx-loader: no sched_ext_ops is named %s; there are:", name);
	bpf_object__for_each_map(map, session->object)
	{
		if (is_ops(map))
			fprintf(stderr, " %s", ops_name(session, map));
	}
	fputc('\n', stderr);
	return false;
}

void session_print_stats(const struct session *session)
{
	globals_visit(session->object, print_stat, NULL);
}

enum outcome session_attach(struct session *session)
{
	struct bpf_map *map;
	int err = bpf_object__load(session->object);

	if (err) {
		fprintf(stderr, "scx-loader: the kernel did not load the scheduler: %s\n",
			strerror(-err));
		return OUTCOME_NOT_LOADED;
	}
	session->loaded = true;
	map = bpf_object__find_map_by_name(session->object, EXIT_MAP);
	session->exits = ring_buffer__new(bpf_map__fd(map), on_exit_record, session, NULL);
	if (!session->exits) {
		fprintf(stderr, "scx-loader: cannot read %s: %s\n", EXIT_MAP, strerror(errno));
		return OUTCOME_NOT_LOADED;
	}
	bpf_object__for_each_map(map, session->object)
	{
		struct bpf_link *link;

		if (!is_ops(map))
			continue;
		link = bpf_map__attach_struct_ops(map);
		if (!link) {
			fprintf(stderr, "scx-loader: the kernel did not attach %s: %s\n",
				ops_name(session, map), strerror(errno));
			return OUTCOME_NOT_ATTACHED;
		}
		session->links[session->nr_links++] = link;
		/* The kernel reports a failed ops.init as an exit, not as an error. */
		if (session_collect_exit(session) != OUTCOME_NONE)
			return OUTCOME_NOT_ATTACHED;
		printf("attached ops=%s\n", ops_name(session, map));
	}
	return OUTCOME_NONE;
}

int session_exit_fd(const struct session *session)
{
	return ring_buffer__epoll_fd(session->exits);
}

enum outcome session_collect_exit(struct session *session)
{
	ring_buffer__consume(session->exits);
	return session->ended;
}

enum outcome session_close(struct session *session)
{
	enum outcome ended = OUTCOME_NONE;
	size_t i;

	if (!session)
		return ended;
	/* Returns after ops.exit has run: the record is there. */
	for (i = 0; i < session->nr_links; i++)
		bpf_link__destroy(session->links[i]);
	if (session->exits)
		ended = session_collect_exit(session);
	ring_buffer__free(session->exits);
	bpf_object__close(session->object);
	free(session);
	return ended;
}

static enum outcome check_object(const struct session *session, const char *path)
{
	const struct bpf_map *map;
	size_t count = 0;

	bpf_object__for_each_map(map, session->object)
	{
		if (!is_ops(map))
			continue;
		count++;
		/* Without a link the kernel would keep the scheduler after its loader is gone. */
		if (!(bpf_map__map_flags(map) & BPF_F_LINK)) {
			fprintf(stderr, "scx-loader: %s: %s must be in SEC(\".struct_ops.link\")\n",
				path, bpf_map__name(map));
			return OUTCOME_NOT_LOADED;
		}
	}
	if (!count || count > MAX_OPS) {
		fprintf(stderr, "scx-loader: %s has %zu struct_ops maps, not 1 to %d\n", path,
			count, MAX_OPS);
		return OUTCOME_NOT_LOADED;
	}
	if (!bpf_object__find_map_by_name(session->object, EXIT_MAP)) {
		fprintf(stderr,
			"scx-loader: %s has no map %s: include \"scx.bpf.h\" and call "
			"scx_record_exit() from ops.exit\n",
			path, EXIT_MAP);
		return OUTCOME_NOT_LOADED;
	}
	return OUTCOME_NONE;
}

static const char *ops_name(const struct session *session, const struct bpf_map *map)
{
	struct global found[MAX_OPS];
	size_t count = globals_find(session->object, "ops.name", found, MAX_OPS);
	char *data = bpf_map__initial_value(map, NULL);
	size_t size = 0;
	size_t i;

	bpf_map__initial_value(map, &size);
	for (i = 0; i < count; i++) {
		char *name = found[i].data;

		if (name >= data && name < data + size)
			return name;
	}
	return bpf_map__name(map);
}

static bool is_ops(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS;
}

static int on_exit_record(void *context, void *data, size_t size)
{
	struct session *session = context;
	const struct scx_exit_event *event = data;

	if (size < sizeof(*event) || session->ended != OUTCOME_NONE)
		return 0;
	session->ended = exit_is_clean(event) ? OUTCOME_CLEAN : OUTCOME_EJECTED;
	exit_print(stdout, session->object, event);
	return 0;
}

static void print_stat(const struct global *global, void *context)
{
	char text[256];

	(void)context;
	if (!global->is_const && global_format(global, text, sizeof(text)))
		printf("stat %s=%s\n", global->name, text);
}

static void list_name(const struct global *global, void *context)
{
	char text[256];

	if (global_format(global, text, sizeof(text)))
		fprintf(context, " %s", global->name);
}

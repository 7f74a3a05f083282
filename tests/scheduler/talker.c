// SPDX-License-Identifier: Apache-2.0
/* A scheduler with its own user space: it attaches the struct_ops of an object file, and tells its
 * statistics by the protocol of scx_stats, counted anew from answer to answer on each connection.
 *
 *     talker OBJECT SOCKET MODE [OTHER_OBJECT]
 *
 * MODE: `talk` does all that; `mute` opens no socket; `drop` hangs up instead of a second answer;
 * `daemon` forks, and its child does it; `late` is a daemon whose first process stays until the
 * child is attached; `leave` ends at once; `wait` never attaches; `bail` gives up when it is asked;
 * `newer` asks the kernel, as the crate scx_utils does, for a callback that it does not have.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "Error: the talker gives up\n\nCaused by:\n    0: %s\n    1: %s\n", what,
		strerror(errno));
	return 1;
}

static struct bpf_link *attached(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_map *map;

	if (!object || bpf_object__load(object))
		return NULL;
	bpf_object__for_each_map(map, object) {
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			return bpf_map__attach_struct_ops(map);
	}
	errno = ENOENT;
	return NULL;
}

/* Whether the kernel has such a callback; says so where it has not. */
static bool kernel_has(const char *member)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, "sched_ext_ops", BTF_KIND_STRUCT) : -1;
	const struct btf_type *ops = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; ops && i < btf_vlen(ops); i++) {
		if (!strcmp(btf__name_by_offset(btf, btf_members(ops)[i].name_off), member))
			return true;
	}
	fprintf(stderr, "Error: sched_ext_ops.%s() missing, kernel too old?\n", member);
	return false;
}

/* Each directory above the path is made. */
static int listening(char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 8))
		return -1;
	return fd;
}

static unsigned long switches(void)
{
	unsigned long found = 0;
	char line[256];
	FILE *file = fopen("/proc/stat", "r");

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "ctxt %lu", &found);
	if (file)
		fclose(file);
	return found;
}

static int answer(int client, unsigned long *before)
{
	unsigned long now = switches();
	char line[4096];
	ssize_t size = read(client, line, sizeof(line) - 1);

	if (size <= 0)
		return -1;
	line[size] = '\0';
	if (!strstr(line, "\"req\":\"stats\"") || !strstr(line, "\"target\":\"top\""))
		size = snprintf(line, sizeof(line),
				"{\"errno\":22,\"args\":{\"resp\":\"unknown command\"}}\n");
	else
		size = snprintf(
			line, sizeof(line),
			"{\"errno\":0,\"args\":{\"resp\":{\"name\":\"talker\",\"nr_cpus\":%ld,"
			"\"nr_switches\":%lu,\"queues\":{\"main\":{\"depth_avg\":1.5}}}}}\n",
			sysconf(_SC_NPROCESSORS_ONLN), now - *before);
	*before = now;
	return write(client, line, size) == size ? 0 : -1;
}

static int serve(int server, const char *mode)
{
	unsigned long before = switches();
	int client = -1, answers = 0;
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	struct pollfd ready[] = {
		{.fd = signalfd(-1, &wanted, 0), .events = POLLIN},
		{.fd = server, .events = POLLIN},
		{.fd = -1, .events = POLLIN},
	};
	for (;;) {
		ready[2].fd = client;
		if (poll(ready, 3, -1) < 0)
			return fail("poll");
		if (ready[0].revents)
			return 0;
		if (ready[1].revents) {
			if (client >= 0)
				close(client);
			client = accept(server, NULL, NULL);
			before = switches();
			continue;
		}
		if (!strcmp(mode, "bail")) {
			errno = ENOSPC;
			return fail("cpusets cover all CPUs");
		}
		if ((!strcmp(mode, "drop") && answers) || answer(client, &before)) {
			close(client);
			client = -1;
		}
		answers++;
	}
}

static int run(const char *mode, const char *object, char *path)
{
	struct bpf_link *link = attached(object);
	int server = -1, status;

	if (!link)
		return fail("cannot attach the scheduler");
	puts("talker is attached");
	fflush(stdout);
	if (strcmp(mode, "mute")) {
		server = listening(path);
		if (server < 0)
			return fail("cannot listen");
	}
	status = serve(server, mode);
	bpf_link__destroy(link);
	puts("EXIT: unregistered from user space");
	return status;
}

/* As daemon(3) does, but for a first process that may stay. */
static int fork_away(const char *mode, const char *object, char *path)
{
	char enabled[16] = "";

	puts("talker forks away");
	fflush(stdout);
	if (!fork()) {
		setsid();
		int nothing = open("/dev/null", O_RDWR);

		for (int fd = 0; fd < 3; fd++)
			dup2(nothing, fd);
		exit(run("talk", object, path));
	}
	while (!strcmp(mode, "late") && strncmp(enabled, "enabled", 7)) {
		FILE *state = fopen("/sys/kernel/sched_ext/state", "r");

		if (state && !fgets(enabled, sizeof(enabled), state))
			enabled[0] = '\0';
		if (state)
			fclose(state);
		usleep(1000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argv[3];

	if (argc < 4)
		return 2;
	if (argc > 4)
		argv[1] = argv[4];
	if (!strcmp(mode, "leave")) {
		puts("nothing to schedule");
		return 0;
	}
	if (!strcmp(mode, "wait")) {
		puts("waiting for CPUs that never come");
		fflush(stdout);
		return pause();
	}
	if (!strcmp(mode, "newer") && !kernel_has("of_tomorrow"))
		return 1;
	if (!strcmp(mode, "daemon") || !strcmp(mode, "late"))
		return fork_away(mode, argv[1], argv[2]);
	return run(mode, argv[1], argv[2]);
}

// SPDX-License-Identifier: Apache-2.0
#include "exits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sched/include/scx_exit_event.h"
#include "uei.h"
#include "uevents.h"

struct exits {
	const struct bpf_object *object;
	take_exit_fn *take;
	void *context;
	struct ring_buffer *ring; /* NULL: the object has a user_exit_info */
	int uevents;		  /* readable when that may have been written, or -1 */
};

static bool begin(struct exits *exits);
static int on_event(void *context, void *data, size_t size);

bool exits_are_there(const struct bpf_object *object)
{
	return bpf_object__find_map_by_name(object, EXIT_MAP) || uei_is_there(object);
}

struct exits *exits_open(const struct bpf_object *object, take_exit_fn *take, void *context)
{
	struct exits *exits = calloc(1, sizeof(*exits));

	if (!exits) {
		fprintf(stderr, "scx-loader: out of memory\n");
		return NULL;
	}
	*exits = (struct exits){.object = object, .take = take, .context = context, .uevents = -1};
	if (begin(exits))
		return exits;
	exits_close(exits);
	return NULL;
}

int exits_fd(const struct exits *exits)
{
	return exits->ring ? ring_buffer__epoll_fd(exits->ring) : exits->uevents;
}

void exits_read(struct exits *exits)
{
	struct exit_words words;

	if (exits->ring) {
		ring_buffer__consume(exits->ring);
		return;
	}
	uevents_drain(exits->uevents);
	if (uei_read(exits->object, &words))
		exits->take(exits->context, &words);
}

void exits_close(struct exits *exits)
{
	if (!exits)
		return;
	ring_buffer__free(exits->ring);
	if (exits->uevents >= 0)
		close(exits->uevents);
	free(exits);
}

static bool begin(struct exits *exits)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(exits->object, EXIT_MAP);

	if (map) {
		exits->ring = ring_buffer__new(bpf_map__fd(map), on_event, exits, NULL);
		if (!exits->ring)
			fprintf(stderr, "scx-loader: cannot read %s: %s\n", EXIT_MAP,
				strerror(errno));
		return exits->ring;
	}
	exits->uevents = uevents_open();
	if (exits->uevents < 0)
		fprintf(stderr, "scx-loader: cannot listen to the kernel's uevents: %s\n",
			strerror(errno));
	return exits->uevents >= 0;
}

static int on_event(void *context, void *data, size_t size)
{
	const struct scx_exit_event *event = data;
	struct exits *exits = context;
	struct exit_words words;

	if (size < sizeof(*event))
		return 0;
	words = (struct exit_words){
		.kind = event->kind,
		.code = event->exit_code,
		.reason = event->reason,
		.message = event->msg,
		.dump = event->dump,
	};
	exits->take(exits->context, &words);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the services have in common: they load an object, and answer requests of one line. */
#ifndef KTSTR_SAMPLER_SERVE_H
#define KTSTR_SAMPLER_SERVE_H

#include <bpf/libbpf.h>
#include <stdbool.h>

/* A request, e.g. `phase N`: its word, and who answers it, given what follows the word. */
struct request {
	const char *word;
	/* writes its lines; false once it has refused */
	bool (*answer)(const char *text);
};

struct service {
	const char *name;
	/* loads the object and does what else comes before the first request; false: refused */
	bool (*start)(const char *path);
	/* the last of them has no word: it ends the service */
	const struct request *requests;
	/* `quit` */
	bool (*finish)(void);
};

extern const struct service sampler_service;
extern const struct service witness_service;
extern const struct service recorder_service;

/* Answers that @what is impossible, and why, by errno and libbpf's last warning; false. */
bool refuse(const char *what);

/* The object in the file, loaded; NULL: refused. */
struct bpf_object *open_object(const char *path);
bool load_object(struct bpf_object *object);

#endif

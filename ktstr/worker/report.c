// SPDX-License-Identifier: Apache-2.0
/*
 * The worker's report: a JSON object on a line for each phase that has ended, and one for the whole
 * life as the last.  ktstr/guest/workers/report.py reads their keys.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "worker.h"

static void put_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* A table of the entries that are not 0: {"index":count,...} */
static void put_table(FILE *out, const uint64_t *table, size_t size)
{
	const char *comma = "";

	fputc('{', out);
	for (size_t i = 0; i < size; i++) {
		if (table[i]) {
			fprintf(out, "%s\"%zu\":%" PRIu64, comma, i, table[i]);
			comma = ",";
		}
	}
	fputc('}', out);
}

static void put_known(FILE *out, const char *key, int64_t value)
{
	if (value < 0)
		fprintf(out, ",\"%s\":null", key);
	else
		fprintf(out, ",\"%s\":%" PRId64, key, value);
}

/* Nothing for an empty one. */
static void put_histogram(FILE *out, const char *key, const struct histogram *h)
{
	if (!h->count)
		return;
	fprintf(out, ",\"%s\":{\"buckets\":", key);
	put_table(out, h->buckets, HISTOGRAM_BUCKETS);
	fprintf(out, ",\"count\":%" PRIu64 ",\"total\":%" PRIu64 ",\"maximum\":%" PRIu64 "}",
		h->count, h->total, h->maximum);
}

static void put_counts(FILE *out, const struct counts *now, const struct counts *before)
{
	const struct counts since = counts_since(now, before);

#define PUT_COUNT(name) put_known(out, #name, since.name)
	COUNTS(PUT_COUNT);
#undef PUT_COUNT
}

bool report_open(struct worker *w)
{
	w->report = fdopen(w->opt.report_fd, "w");
	return w->report;
}

void report_phase(struct worker *w, uint64_t ended_ns)
{
	const struct phase *p = &w->phase;
	FILE *out = w->report;

	fprintf(out, "{\"started_ns\":%" PRIu64 ",\"ended_ns\":%" PRIu64, p->started_ns, ended_ns);
	put_known(out, "step", p->step);
	put_counts(out, &w->m, &p->before);
	fprintf(out, ",\"max_gap_ns\":%" PRIu64, p->max_gap_ns);
	fprintf(out, ",\"class_started\":\"%s\",\"class_ended\":\"%s\"", p->class_started,
		w->sched_class);
	put_histogram(out, "wake", &p->wake);
	put_histogram(out, "io", &p->io);
	put_histogram(out, "gaps", &p->gaps);
	put_histogram(out, "off_cpu", &p->off_cpu);
	put_histogram(out, "run_delay", &p->run_delay);
	fputs("}\n", out);
	/* what has ended is there, whatever becomes of the worker */
	fflush(out);
}

bool report_write(struct worker *w)
{
	const struct life *life = &w->life;
	FILE *out = w->report;

	fprintf(out, "{\"started_ns\":%" PRIu64 ",\"ended_ns\":%" PRIu64, life->started_ns,
		life->ended_ns);
	put_counts(out, &w->m, &w->first);
	fprintf(out, ",\"max_gap_ns\":%" PRIu64 ",\"max_gap_at_ns\":%" PRIu64 ",\"max_gap_cpu\":%u",
		life->max_gap_ns, life->max_gap_at_ns, life->max_gap_cpu);
	fprintf(out, ",\"samples\":%" PRIu64, life->samples);
	fputs(",\"ran_on\":", out);
	put_table(out, life->ran_on, WORKER_MAX_CPUS);
	fputs(",\"numa_pages\":", out);
	put_table(out, life->node_pages, WORKER_MAX_NODES);
	if (w->opt.type->report) {
		fputs(",\"own\":{", out);
		w->opt.type->report(w, out);
		fputc('}', out);
	}
	fputs(",\"effective\":", out);
	put_string(out, w->effective);
	fputs(",\"errors\":[", out);
	for (unsigned int i = 0; i < w->error_count; i++) {
		if (i)
			fputc(',', out);
		put_string(out, w->errors[i]);
	}
	fputs("]}\n", out);
	return fclose(out) == 0;
}

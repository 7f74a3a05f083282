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

static void put_kernelstat(FILE *out, const struct kernelstat *counted)
{
	put_known(out, "kernel_migrations", counted->migrations);
	put_known(out, "run_delay_ns", counted->run_delay_ns);
	put_known(out, "run_count", counted->run_count);
	put_known(out, "numa_pages_migrated", counted->numa_pages_migrated);
}

bool report_open(struct worker *w)
{
	w->report = fdopen(w->opt.report_fd, "w");
	return w->report;
}

void report_phase(struct worker *w, uint64_t ended_ns, const struct kernelstat *counted)
{
	const struct phase *p = &w->phase;
	const struct kernelstat since = {
		.run_delay_ns = kernelstat_since(counted->run_delay_ns, p->counted.run_delay_ns),
		.run_count = kernelstat_since(counted->run_count, p->counted.run_count),
		.migrations = kernelstat_since(counted->migrations, p->counted.migrations),
		.numa_pages_migrated = kernelstat_since(counted->numa_pages_migrated,
							p->counted.numa_pages_migrated),
	};
	FILE *out = w->report;

	fprintf(out, "{\"started_ns\":%" PRIu64 ",\"ended_ns\":%" PRIu64 ",\"cpu_ns\":%" PRIu64,
		p->started_ns, ended_ns, w->cpu_ns - p->cpu_ns);
	put_known(out, "step", p->step);
	fprintf(out,
		",\"work_units\":%" PRIu64 ",\"iterations\":%" PRIu64 ",\"max_gap_ns\":%" PRIu64,
		w->m.work_units - p->work_units, w->m.iterations - p->iterations, p->max_gap_ns);
	fprintf(out, ",\"migrations\":%" PRIu64, w->m.migrations - p->migrations);
	put_kernelstat(out, &since);
	fprintf(out, ",\"class_started\":\"%s\",\"class_ended\":\"%s\"", p->counted.sched_class,
		counted->sched_class);
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
	const struct measured *m = &w->m;
	FILE *out = w->report;

	fprintf(out, "{\"started_ns\":%" PRIu64 ",\"ended_ns\":%" PRIu64 ",\"cpu_ns\":%" PRIu64,
		m->started_ns, m->ended_ns, m->cpu_ns);
	fprintf(out, ",\"work_units\":%" PRIu64 ",\"iterations\":%" PRIu64, m->work_units,
		m->iterations);
	fprintf(out, ",\"max_gap_ns\":%" PRIu64 ",\"max_gap_at_ns\":%" PRIu64 ",\"max_gap_cpu\":%u",
		m->max_gap_ns, m->max_gap_at_ns, m->max_gap_cpu);
	fprintf(out, ",\"migrations\":%" PRIu64 ",\"samples\":%" PRIu64, m->migrations, m->samples);
	put_kernelstat(out, &m->counted);
	fputs(",\"ran_on\":", out);
	put_table(out, m->ran_on, WORKER_MAX_CPUS);
	fputs(",\"numa_pages\":", out);
	put_table(out, m->node_pages, WORKER_MAX_NODES);
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

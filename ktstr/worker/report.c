// SPDX-License-Identifier: Apache-2.0
/* The worker's report: one JSON object, whose keys ktstr/guest/worker_report.py reads. */
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

static void put_histogram(FILE *out, const char *key, const struct histogram *h)
{
	fprintf(out, ",\"%s\":{\"buckets\":", key);
	put_table(out, h->buckets, HISTOGRAM_BUCKETS);
	fprintf(out, ",\"count\":%" PRIu64 ",\"total\":%" PRIu64 ",\"maximum\":%" PRIu64 "}",
		h->count, h->total, h->maximum);
}

bool report_write(struct worker *w)
{
	const struct measured *m = &w->m;
	FILE *out = fdopen(w->opt.report_fd, "w");

	if (!out)
		return false;
	fprintf(out, "{\"started_ns\":%" PRIu64 ",\"ended_ns\":%" PRIu64 ",\"cpu_ns\":%" PRIu64,
		m->started_ns, m->ended_ns, m->cpu_ns);
	fprintf(out, ",\"work_units\":%" PRIu64 ",\"iterations\":%" PRIu64, m->work_units,
		m->iterations);
	fprintf(out, ",\"max_gap_ns\":%" PRIu64 ",\"max_gap_at_ns\":%" PRIu64 ",\"max_gap_cpu\":%u",
		m->max_gap_ns, m->max_gap_at_ns, m->max_gap_cpu);
	fprintf(out, ",\"migrations\":%" PRIu64 ",\"samples\":%" PRIu64, m->migrations, m->samples);
	put_known(out, "kernel_migrations", m->kernel_migrations);
	put_known(out, "run_delay_ns", m->run_delay_ns);
	put_known(out, "run_count", m->run_count);
	fputs(",\"ran_on\":", out);
	put_table(out, m->ran_on, WORKER_MAX_CPUS);
	put_histogram(out, "wake", &m->wake);
	put_histogram(out, "io", &m->io);
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

// SPDX-License-Identifier: Apache-2.0
/*
 * Four logs, to which happens what standard input says, a line each; logs_test.py reads whom they
 * are of, who waits since when, and how much has happened.
 */
#include <stdio.h>
#include <string.h>

#include "ktstr/sampler/logs.h"

#define LOGS 4

static struct task_log logs[LOGS];
static __u32 hand;

static struct task_log *log_for(__u32 pid)
{
	struct task_log *spare = NULL;

	for (__u32 i = 0; i < LOGS; i++) {
		if (logs[i].pid == pid)
			return &logs[i];
	}
	for (__u32 i = 0; i < LOGS; i++) {
		struct task_log *log = &logs[hand++ % LOGS];
		enum room room = room_in(log);

		if (room == ROOM_FREE) {
			spare = log;
			break;
		}
		if (room == ROOM_SPARE && !spare)
			spare = log;
	}
	return spare && take_log(spare, spare->pid, pid) ? spare : NULL;
}

static void put_logs(void)
{
	for (__u32 i = 0; i < LOGS; i++)
		printf("%u:%llu:%u ", logs[i].pid, logs[i].waiting_since_ns, logs[i].next);
	puts("");
}

/* "overdue PID NOW WAITS KERNEL SUBJECT" */
static void put_overdue(const struct task_log *log, __u64 now_ns, const char *rest)
{
	struct recording_state s = {0};

	if (sscanf(rest, "%llu %u %15s", &s.waits_ns, &s.kernel, s.subject) == 3)
		puts(is_overdue(log, &s, now_ns) ? "yes" : "no");
}

/* "WORD PID NOW REST": on_cpu, runnable, or whether it is a kernel thread and its name. */
static void take(const char *line)
{
	char word[16], rest[64] = "";
	unsigned int pid, flag = 0;
	unsigned long long now_ns;
	struct task_log *log;

	if (sscanf(line, "%15s %u %llu %63[^\n]", word, &pid, &now_ns, rest) < 3)
		return;
	log = log_for(pid);
	if (!log) {
		puts("no room");
		return;
	}
	sscanf(rest, "%u", &flag);
	if (!strcmp(word, "overdue")) {
		put_overdue(log, now_ns, rest);
		return;
	}
	log->fresh = 1;
	if (!strcmp(word, "new"))
		begin_log(log);
	log->next++;
	if (!strcmp(word, "named"))
		log->kernel = (__u8)(sscanf(rest, "%*u %15s", log->comm) == 1 && flag);
	else if (!strcmp(word, "runnable"))
		becomes_runnable(log, flag, now_ns);
	else if (!strcmp(word, "runs"))
		gets_cpu(log);
	else if (!strcmp(word, "stops"))
		loses_cpu(log, flag, now_ns);
	put_logs();
}

int main(void)
{
	char line[128];

	while (fgets(line, sizeof(line), stdin))
		take(line);
	return 0;
}
